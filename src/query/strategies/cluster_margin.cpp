#include <algorithm>
#include <cmath>
#include <map>

#include "src/query/geometry/kmeans.hpp"
#include "src/query/geometry/whole_pool.hpp"
#include "src/query/scores/acquisition.hpp"

namespace al_mpi {
namespace {

/// n picks, one of each group in turn; the last group only when the others are empty.
Picks in_turns(const std::vector<Picks>& groups, std::size_t n) {
  Picks picks;
  for (std::size_t turn = 0, before = 1; picks.size() < n && picks.size() != before; ++turn) {
    before = picks.size();
    for (std::size_t g = 0; g + 1 < groups.size() && picks.size() < n; ++g) {
      if (turn < groups[g].size()) picks.push_back(groups[g][turn]);
    }
  }
  for (std::size_t i = 0; picks.size() < n; ++i) picks.push_back(groups.back()[i]);
  return picks;
}

}  // namespace

/// Smallest margins spread over clusters: of the query.cluster_margin_factor x n smallest margins,
/// clusters of the pool take turns, the smallest group first, each giving its smallest margin left.
/// Reference: Citovsky et al., Batch active learning at scale (NeurIPS 2021), algorithm 1. Differs
/// from it: clusters are k-means of query.cluster_margin_size samples on average (at most 500
/// clusters) instead of average linkage, which needs all pairs; and a turn takes the smallest
/// margin, not any.
Picks cluster_margin(QueryContext& context) {
  const QueryOptions& options = context.options;
  const at::Tensor margins = score_probabilities(context, margin_acquisition(options));
  if (context.keep_scores) context.keep_scores(context.unlabeled, margins);
  const Picks uncertain = highest(context, margins, context.n * options.cluster_margin_factor);

  const WholePool pool(context);
  RngStream rng(context.seed, "clusters");  // the same clusters in every round
  const std::int64_t k = std::min<std::int64_t>(
      500, (pool.size() + options.cluster_margin_size - 1) / options.cluster_margin_size);
  const std::vector<std::int64_t> cluster = pool.clusters(k, rng);

  std::map<std::int64_t, Picks> by_cluster;
  Picks unusable;  // non-finite margin or features: last
  for (const Pick& pick : uncertain) {
    const std::int64_t c = cluster[pool.row_of(pick.index)];
    (c >= 0 && std::isfinite(pick.score) ? by_cluster[c] : unusable).push_back(pick);
  }
  std::vector<Picks> groups;
  for (auto& [c, group] : by_cluster) groups.push_back(std::move(group));
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Picks& a, const Picks& b) { return a.size() < b.size(); });
  groups.push_back(std::move(unusable));
  return in_turns(groups, static_cast<std::size_t>(context.n));
}

}  // namespace al_mpi
