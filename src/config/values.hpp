#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace al_mpi {

using GridValues = std::map<std::string, std::vector<std::string>>;

// YAML <-> the types options have. read_value() throws ConfigError(key, problem).
void read_value(const YAML::Node& node, const std::string& key, std::string& value);
void read_value(const YAML::Node& node, const std::string& key, bool& value);
void read_value(const YAML::Node& node, const std::string& key, std::int64_t& value);
void read_value(const YAML::Node& node, const std::string& key, double& value);
void read_value(const YAML::Node& node, const std::string& key, std::vector<std::string>& value);
void read_value(const YAML::Node& node, const std::string& key, std::vector<std::int64_t>& value);
void read_value(const YAML::Node& node, const std::string& key, GridValues& value);

YAML::Node to_node(const std::string& value);
YAML::Node to_node(bool value);
YAML::Node to_node(std::int64_t value);
YAML::Node to_node(double value);
YAML::Node to_node(const std::vector<std::string>& value);
YAML::Node to_node(const std::vector<std::int64_t>& value);
YAML::Node to_node(const GridValues& value);

}  // namespace al_mpi
