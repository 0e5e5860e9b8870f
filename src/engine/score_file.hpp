#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace al_mpi {

/// The scores that a strategy gave to all candidates of one round.
struct PoolScores {
  std::vector<std::int64_t> index;  ///< into the pool
  std::vector<double> score;        ///< before noise; higher = label first
};

/// Writes FOLDER/round_N.h5 (docs/formats.md, "Scores"), replaced as a whole; the folder is made.
/// Throws DataError.
void save_scores(const std::string& folder, const std::string& key, int round,
                 const PoolScores& scores);

}  // namespace al_mpi
