#include <fmt/format.h>

#include "option.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

constexpr double max_trials = 1e7;

using Settings = std::map<std::string, std::string>;

/// The values of one key of sweep.grid, each checked as a value of that key and written in the one
/// way that such a value is written ("0.10" -> "0.1").
std::vector<std::string> checked_values(const SweepConfig& config, const std::string& key,
                                        const std::vector<std::string>& values) {
  const std::string path = "sweep.grid." + key;
  const Option* option = find_option(key);
  if (option == nullptr || !shapes_results(*option)) {
    throw ConfigError(
        path, "only keys of model, training, loop, query and oracle can vary within a sweep");
  }
  if (values.empty()) throw ConfigError(path, "the list is empty (nothing to run)");
  std::vector<std::string> checked;
  for (const std::string& value : values) {
    const std::string text = value_text(*option, with_settings(config, {{key, value}}));
    for (const std::string& other : checked) {
      if (other == text) throw ConfigError(path, fmt::format("{} is listed twice", text));
    }
    checked.push_back(text);
  }
  return checked;
}

/// Every combination of sweep.grid, the last key fastest; one empty combination without a grid.
std::vector<Settings> combinations(const SweepConfig& config) {
  std::vector<Settings> all = {{}};
  for (const auto& [key, values] : config.sweep.grid) {
    std::vector<Settings> longer;
    const auto checked = checked_values(config, key, values);
    if (static_cast<double>(all.size()) * static_cast<double>(checked.size()) > max_trials) {
      throw ConfigError("sweep.grid", fmt::format("more than {:.0f} combinations", max_trials));
    }
    for (const Settings& settings : all) {
      for (const std::string& value : checked) {
        longer.push_back(settings);
        longer.back()[key] = value;
      }
    }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

std::vector<TrialSpec> expand(const SweepConfig& config) {
  const SweepOptions& sweep = config.sweep;
  const auto all_settings = combinations(config);
  const double n =
      static_cast<double>(all_settings.size()) * static_cast<double>(sweep.inits.size()) *
      static_cast<double>(sweep.seeds.size()) * static_cast<double>(sweep.strategies.size());
  if (n > max_trials) {
    throw ConfigError("sweep", fmt::format("{:.0f} trials are more than {:.0f}", n, max_trials));
  }
  std::vector<TrialSpec> grid;
  for (const Settings& settings : all_settings) {
    for (const std::string& init : sweep.inits) {
      for (const std::int64_t seed : sweep.seeds) {
        for (const std::string& strategy : sweep.strategies) {
          grid.push_back({static_cast<int>(grid.size()), strategy, init, seed, settings});
        }
      }
    }
  }
  return grid;
}

}  // namespace al_mpi
