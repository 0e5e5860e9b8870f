#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "option.hpp"
#include "own_code.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

/// Whether the fingerprint covers an option. With a dataset file the synthetic settings have no
/// effect and are left out; the file has a fingerprint of its own.
bool covered(const Option& option, const SweepConfig& config) {
  if (option.key.rfind("dataset.synthetic.", 0) == 0) return config.dataset.path.empty();
  return shapes_results(option);
}

}  // namespace

bool shapes_results(const Option& option) {
  for (const char* section : {"model.", "training.", "loop.", "query.", "oracle."}) {
    if (option.key.rfind(section, 0) == 0) return true;
  }
  return false;
}

std::string value_text(const Option& option, const SweepConfig& config) {
  YAML::Emitter emitter;
  emitter << YAML::Flow << option.value(config);
  return emitter.c_str();
}

std::string settings_fingerprint(const SweepConfig& config) {
  std::string text;
  for (const Option& option : option_table()) {
    if (covered(option, config)) text += option.key + "=" + value_text(option, config) + "\n";
  }
  if (has_own_engine(config)) text += "farm.engine=" + identity_of(config.farm.engine) + "\n";
  return to_hex(stable_hash(text));
}

std::string settings_json(const SweepConfig& config) {
  nlohmann::json settings = nlohmann::json::object();
  for (const Option& option : option_table()) {
    const bool of_dataset = option.key.rfind("dataset.", 0) == 0;
    if (of_dataset || shapes_results(option)) settings[option.key] = option.json(config);
  }
  return settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> differing_settings(const SweepConfig& stored, const SweepConfig& now) {
  std::vector<std::string> differing;
  // A farm stores the kind of device that it used where `auto` was set; earlier versions stored
  // `auto`.
  const bool devices_known =
      stored.farm.device != DeviceKind::auto_ && now.farm.device != DeviceKind::auto_;
  for (const Option& option : option_table()) {
    const bool is_device = devices_known && option.key == "farm.device";
    if (!is_device && !covered(option, stored) && !covered(option, now)) continue;
    const std::string before = value_text(option, stored), after = value_text(option, now);
    if (before == after) continue;
    differing.push_back(
        fmt::format("{}: {} in the results file, {} now", option.key, before, after));
  }
  return differing;
}

void check_same_settings(const std::string& stored_yaml, const SweepConfig& now,
                         const std::string& file) {
  const auto differing = differing_settings(parse_config(stored_yaml, file), now);
  if (differing.empty()) return;
  throw ConfigError("results.file",
                    fmt::format("{} was made with other settings ({}); use those, or "
                                "another results.file",
                                file, fmt::join(differing, "; ")));
}

}  // namespace al_mpi
