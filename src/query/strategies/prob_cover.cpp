#include <vector>

#include <al_mpi/query/cover_graph.hpp>
#include <al_mpi/query/whole_pool.hpp>

namespace al_mpi {
namespace {

/// Which rows are covered, and how many uncovered ones the ball of each row holds.
class Coverage {
 public:
  explicit Coverage(CoverGraph graph) : graph_(std::move(graph)), covered_(graph_.size(), false) {
    for (const auto& ball : graph_) gain_.push_back(static_cast<std::int64_t>(ball.size()));
  }

  std::int64_t gain(std::size_t row) const { return gain_[row]; }

  void take(std::size_t row) {
    for (const std::uint32_t reached : graph_[row]) {
      if (covered_[reached]) continue;
      covered_[reached] = true;
      for (const std::uint32_t other : graph_[reached]) --gain_[other];
    }
  }

 private:
  CoverGraph graph_;
  std::vector<bool> covered_;
  std::vector<std::int64_t> gain_;
};

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
/// balls lies within one of C k-means clusters. Score = samples newly covered. Reference: Yehuda et
/// al., Active learning through a covering lens (NeurIPS 2022), algorithm 1.
Picks prob_cover(QueryContext& context) {
  WholePool pool(context);
  pool.scale_to_unit_length();
  Coverage coverage(cover_graph(pool.features(), radius(context, pool)));
  for (const std::int64_t index : context.labeled) coverage.take(pool.row_of(index));

  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
  Picks picks;
  while (static_cast<std::int64_t>(picks.size()) < context.n) {
    std::size_t best = 0;
    std::int64_t best_gain = 0;  // a picked sample gains nothing more
    for (std::size_t i = 0; i < context.unlabeled.size(); ++i) {
      const std::int64_t gain = coverage.gain(pool.row_of(context.unlabeled[i]));
      if (gain > best_gain || (gain == best_gain && gain > 0 && hashes[i] > hashes[best])) {
        best = i;
        best_gain = gain;
      }
    }
    if (best_gain == 0) break;
    picks.push_back({context.unlabeled[best], static_cast<double>(best_gain)});
    coverage.take(pool.row_of(context.unlabeled[best]));
  }
  pool.add_farthest_first(context, picks);
  return picks;
}

}  // namespace al_mpi
