#pragma once

// Results made by hand, for tests.

#include <string>
#include <vector>

#include <al_mpi/results/reader.hpp>

namespace al_mpi {

struct MadeSpec {
  std::string strategy, init;
  std::int64_t seed = 0;
};

inline TrialSpec made_spec(const MadeSpec& made) {
  TrialSpec spec;
  spec.strategy = made.strategy;
  spec.init = made.init;
  spec.seed = made.seed;
  return spec;
}

inline ResultsTables made_file(const std::string& path, const std::string& fingerprint = "") {
  ResultsTables file;
  file.path = path;
  file.task = "classification";
  file.class_names = {"forest", "river"};
  if (!fingerprint.empty()) file.attributes["settings_fingerprint"] = fingerprint;
  return file;
}

/// Accuracies after 32, 64, 96 ... labels.
inline void add_trial(ResultsTables& file, TrialSpec spec, const std::vector<double>& accuracies,
                      TrialState state = TrialState::done) {
  spec.trial = static_cast<int>(file.trials.size());
  TrialRecord record;
  record.spec = spec;
  record.state = state;
  file.trials.push_back(record);
  for (std::size_t round = 0; round < accuracies.size(); ++round) {
    file.rounds.trial.push_back(spec.trial);
    file.rounds.round.push_back(static_cast<std::int32_t>(round));
    file.rounds.n_labeled.push_back(32 * static_cast<std::int64_t>(round + 1));
    file.rounds.metrics["accuracy"].push_back(accuracies[round]);
  }
}

inline void add_trial(ResultsTables& file, const MadeSpec& made,
                      const std::vector<double>& accuracies, TrialState state = TrialState::done) {
  add_trial(file, made_spec(made), accuracies, state);
}

}  // namespace al_mpi
