#include <vector>

#include "src/query/geometry/ball_cover.hpp"
#include "src/query/geometry/whole_pool.hpp"

namespace al_mpi {
namespace {

double radius(QueryContext& context, const WholePool& pool) {
  if (context.options.prob_cover_delta > 0.0) return context.options.prob_cover_delta;
  RngStream rng(context.seed, "clusters");  // the same radius in every round
  const std::vector<std::int64_t> cluster = pool.clusters(context.predictions.n_classes(), rng);
  return pure_radius(pool.features(), cluster, context.options.prob_cover_purity, rng);
}

}  // namespace

/// Covers the pool with balls of radius query.prob_cover_delta around labelled samples: always the
/// candidate whose ball holds the most uncovered samples; when all are covered, farthest-first.
/// Unit-length features; the radius is the largest at which a share query.prob_cover_purity of the
/// balls lies within one of C k-means clusters. Score = samples newly covered. O(N^2 d) time, O(N
/// d) memory. Reference: Yehuda et al., Active learning through a covering lens (NeurIPS 2022),
/// algorithm 1.
Picks prob_cover(QueryContext& context) {
  WholePool pool(context);
  pool.scale_to_unit_length();
  std::vector<std::int64_t> labeled;
  for (const std::int64_t index : context.labeled) {
    labeled.push_back(static_cast<std::int64_t>(pool.row_of(index)));
  }
  BallCover cover(pool.features(), radius(context, pool), labeled);

  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
  Picks picks;
  while (static_cast<std::int64_t>(picks.size()) < context.n) {
    std::size_t best = 0;
    std::int64_t best_gain = 0;  // a picked sample gains nothing more
    for (std::size_t i = 0; i < context.unlabeled.size(); ++i) {
      const std::int64_t gain = cover.gain(pool.row_of(context.unlabeled[i]));
      if (gain > best_gain || (gain == best_gain && gain > 0 && hashes[i] > hashes[best])) {
        best = i;
        best_gain = gain;
      }
    }
    if (best_gain == 0) break;
    picks.push_back({context.unlabeled[best], static_cast<double>(best_gain)});
    cover.take(pool.row_of(context.unlabeled[best]));
  }
  pool.add_farthest_first(context, picks);
  return picks;
}

}  // namespace al_mpi
