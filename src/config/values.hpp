#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <yaml-cpp/yaml.h>

#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/query/options.hpp>

namespace al_mpi {

using GridValues = std::map<std::string, std::vector<std::string>>;

// Converts YAML to the types of options and back. read_value() throws ConfigError(key, problem).
void read_value(const YAML::Node& node, const std::string& key, std::string& value);
void read_value(const YAML::Node& node, const std::string& key, bool& value);
void read_value(const YAML::Node& node, const std::string& key, std::int64_t& value);
void read_value(const YAML::Node& node, const std::string& key, double& value);
void read_value(const YAML::Node& node, const std::string& key, std::vector<std::string>& value);
void read_value(const YAML::Node& node, const std::string& key, std::vector<std::int64_t>& value);
void read_value(const YAML::Node& node, const std::string& key, GridValues& value);
void read_value(const YAML::Node& node, const std::string& key,
                std::vector<ScheduledStrategy>& value);
void read_value(const YAML::Node& node, const std::string& key, OwnProgram& value);
void read_value(const YAML::Node& node, const std::string& key, ExternalStrategies& value);

template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
void read_value(const YAML::Node& node, const std::string& key, Enum& value) {
  std::string name;
  read_value(node, key, name);
  value = enum_of<Enum>(name, key);
}

YAML::Node to_node(const std::string& value);
YAML::Node to_node(bool value);
YAML::Node to_node(std::int64_t value);
YAML::Node to_node(double value);
YAML::Node to_node(const std::vector<std::string>& value);
YAML::Node to_node(const std::vector<std::int64_t>& value);
YAML::Node to_node(const GridValues& value);
YAML::Node to_node(const std::vector<ScheduledStrategy>& value);
void to_json(nlohmann::json& json, const ScheduledStrategy& value);
YAML::Node to_node(const OwnProgram& value);
YAML::Node to_node(const ExternalStrategies& value);

template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
YAML::Node to_node(Enum value) {
  return to_node(name_of(value));
}

}  // namespace al_mpi
