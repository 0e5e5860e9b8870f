#pragma once

#include <optional>
#include <string>
#include <vector>

#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// A trial between two rounds: all that is needed to go on as if nothing had happened.
struct Checkpoint {
  std::string key;          ///< TrialSpec::key()
  std::string fingerprint;  ///< of the settings and the dataset that made it
  std::vector<RoundRecord> rounds;
  std::vector<PickRecord> next_picks;  ///< already chosen for the next round; empty after the last
  double seconds_query = 0.0;          ///< what choosing them took
  std::string learner_state;  ///< weights, where the next round goes on from them; else empty
};

/// Replaces `path` atomically: a kill leaves the old or the new file, never a mixture.
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Empty where there is no file. Throws DataError if it is damaged or foreign.
std::optional<Checkpoint> load_checkpoint(const std::string& path);

}  // namespace al_mpi
