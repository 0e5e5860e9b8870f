#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace al_mpi {

/// How rankings of subsets of the seeds agree with the ranking of all of them.
struct SubsetRanks {
  std::size_t kept = 0;            ///< seeds in a subset
  std::size_t subsets = 0;         ///< that were ranked; 0 where there are too few seeds
  bool all = true;                 ///< every subset of that size; else so many drawn at random
  std::vector<double> same_place;  ///< [k] share of subsets in which the place is the same
  std::vector<double> first;       ///< [k] share of subsets in which the place is 1
  std::vector<int> best_place, worst_place;  ///< [k] over the subsets
};

/// Would fewer or other seeds have ranked alike? A ranking goes by mean ranks over blocks, as
/// friedman() computes them; a place is 1 + the number of strategies with a better mean rank, so
/// that equal ones share the better place.
struct RankStability {
  std::size_t seeds = 0;     ///< that have a complete block
  std::vector<int> places;   ///< [k] over all seeds
  SubsetRanks one_left_out;  ///< every seed left out once
  SubsetRanks halves;        ///< half of the seeds, rounded up: all subsets, at most 1000
};

/// `scores` [N][k], higher = better, blocks with a NaN are left out; `seeds` [N]: the seed of each
/// block. All blocks of a seed come and go together, for they share what the seed decides.
RankStability rank_stability(const std::vector<std::vector<double>>& scores,
                             const std::vector<std::int64_t>& seeds);

}  // namespace al_mpi
