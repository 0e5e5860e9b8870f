#include <al_mpi/trial/trial.hpp>

#include <limits>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>

namespace al_mpi {
namespace {

const std::vector<std::string> state_names = {"pending", "running", "done", "failed",
                                              "quarantined"};

}  // namespace

std::string TrialSpec::key() const {
  std::string own;
  for (const auto& [name, value] : settings) own += fmt::format("{}={};", name, value);
  return fmt::format("{}{}{}/{}/{}", own, own.empty() ? "" : "/", strategy, init, seed);
}

std::string to_string(TrialState state) { return state_names[static_cast<std::size_t>(state)]; }

TrialState trial_state(const std::string& name) {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names[i] == name) return static_cast<TrialState>(i);
  }
  throw ConfigError("", fmt::format("unknown trial state '{}'{}", name,
                                    did_you_mean(name, state_names)));
}

double metric(const RoundRecord& record, const std::string& name) {
  for (const auto& [known, value] : record.metrics) {
    if (known == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace al_mpi
