#include <al_mpi/stats/rank_stability.hpp>

#include <algorithm>
#include <cmath>
#include <map>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/stats/rank_tests.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

constexpr std::size_t most_subsets = 1000;

/// Sums of ranks over the blocks of one seed.
struct SeedRanks {
  std::vector<double> sums;
  double blocks = 0.0;
};

std::vector<SeedRanks> ranks_by_seed(const std::vector<std::vector<double>>& scores,
                                     const std::vector<std::int64_t>& seeds) {
  std::map<std::int64_t, SeedRanks> by_seed;
  for (std::size_t block = 0; block < scores.size(); ++block) {
    if (describe(scores[block]).n < scores[block].size()) continue;
    const std::vector<double> ranks = ranks_descending(scores[block]);
    SeedRanks& seed = by_seed[seeds[block]];
    seed.sums.resize(ranks.size(), 0.0);
    for (std::size_t j = 0; j < ranks.size(); ++j) seed.sums[j] += ranks[j];
    seed.blocks += 1.0;
  }
  std::vector<SeedRanks> result;
  for (auto& [seed, ranks] : by_seed) result.push_back(std::move(ranks));
  return result;
}

/// Places over the seeds that are `kept`.
std::vector<int> places_of(const std::vector<SeedRanks>& seeds, const std::vector<bool>& kept) {
  std::vector<double> means(seeds.front().sums.size(), 0.0);
  double blocks = 0.0;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (!kept[i]) continue;
    for (std::size_t j = 0; j < means.size(); ++j) means[j] += seeds[i].sums[j];
    blocks += seeds[i].blocks;
  }
  std::vector<int> places(means.size(), 1);
  for (std::size_t j = 0; j < means.size(); ++j) {
    for (const double other : means) places[j] += (means[j] - other) / blocks > 1e-9 ? 1 : 0;
  }
  return places;
}

/// Subsets of n things with k of them each: all in turn, or drawn.
std::vector<std::vector<bool>> subsets_of(std::size_t n, std::size_t k, bool& all) {
  double number = 1.0;
  for (std::size_t i = 1; i <= k; ++i)
    number *= static_cast<double>(n - k + i) / static_cast<double>(i);
  all = number <= static_cast<double>(most_subsets) + 0.5;
  std::vector<std::vector<bool>> subsets;
  if (all) {
    std::vector<bool> kept(n, false);
    std::fill_n(kept.begin(), k, true);
    do {
      subsets.push_back(kept);
    } while (std::prev_permutation(kept.begin(), kept.end()));
    return subsets;
  }
  for (std::size_t b = 0; b < most_subsets; ++b) {
    RngStream rng(1, "halves", b);
    subsets.emplace_back(n, false);
    for (const std::int64_t i :
         rng.sample(static_cast<std::int64_t>(n), static_cast<std::int64_t>(k)))
      subsets.back()[static_cast<std::size_t>(i)] = true;
  }
  return subsets;
}

SubsetRanks ranks_of_subsets(const std::vector<SeedRanks>& seeds, const std::vector<int>& places,
                             std::size_t kept) {
  SubsetRanks result;
  result.kept = kept;
  const std::size_t k = places.size();
  result.same_place.assign(k, 0.0);
  result.first.assign(k, 0.0);
  result.best_place.assign(k, static_cast<int>(k));
  result.worst_place.assign(k, 1);
  const std::vector<std::vector<bool>> subsets = subsets_of(seeds.size(), kept, result.all);
  result.subsets = subsets.size();
  for (const std::vector<bool>& subset : subsets) {
    const std::vector<int> now = places_of(seeds, subset);
    for (std::size_t j = 0; j < k; ++j) {
      if (now[j] == places[j]) result.same_place[j] += 1.0;
      if (now[j] == 1) result.first[j] += 1.0;
      result.best_place[j] = std::min(result.best_place[j], now[j]);
      result.worst_place[j] = std::max(result.worst_place[j], now[j]);
    }
  }
  for (std::vector<double>* counts : {&result.same_place, &result.first}) {
    for (double& count : *counts) count /= static_cast<double>(result.subsets);
  }
  return result;
}

}  // namespace

RankStability rank_stability(const std::vector<std::vector<double>>& scores,
                             const std::vector<std::int64_t>& seeds) {
  check(scores.size() == seeds.size(), "{} blocks of {} seeds", scores.size(), seeds.size());
  RankStability result;
  const std::vector<SeedRanks> ranks = ranks_by_seed(scores, seeds);
  result.seeds = ranks.size();
  if (ranks.empty() || ranks.front().sums.empty()) return result;
  result.places = places_of(ranks, std::vector<bool>(ranks.size(), true));
  if (ranks.size() < 2) return result;
  result.one_left_out = ranks_of_subsets(ranks, result.places, ranks.size() - 1);
  result.halves = ranks_of_subsets(ranks, result.places, (ranks.size() + 1) / 2);
  return result;
}

}  // namespace al_mpi
