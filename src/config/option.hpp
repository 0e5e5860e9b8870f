#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <yaml-cpp/yaml.h>

#include <al_mpi/config/sweep_config.hpp>

namespace al_mpi {

/// One key of a configuration, with everything that is needed to read, write, check and document
/// it.
struct Option {
  std::string key;              ///< "training.epochs", also its path in SweepConfig
  std::string doc;              ///< one line
  std::string allowed;          ///< ">= 1", "full | none"
  std::string reference_value;  ///< default under `protocol: reference`; empty = the same
  std::function<void(SweepConfig&, const YAML::Node&)> read;  ///< throws ConfigError(key, problem)
  std::function<YAML::Node(const SweepConfig&)> value;        ///< what read() reads back
  std::function<nlohmann::json(const SweepConfig&)> json;     ///< the same; null for programs

  Option reference(std::string reference_default) const;
};

/// THE table of options, in the order of the documentation.
const std::vector<Option>& option_table();

/// The option named `key`; nullptr where there is none.
const Option* find_option(const std::string& key);

/// The value as one line of text: "0.05", "[random, fps]".
std::string value_text(const Option& option, const SweepConfig& config);

/// Whether results depend on the option. Such options are covered by the fingerprint, and
/// sweep.grid may vary them: all keys of the sections model, training, loop, query and oracle, and
/// no others.
bool shapes_results(const Option& option);

}  // namespace al_mpi
