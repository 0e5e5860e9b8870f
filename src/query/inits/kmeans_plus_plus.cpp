#include <cmath>
#include <limits>
#include <vector>

#include "src/query/geometry/distances.hpp"
#include "src/query/geometry/weighted_draw.hpp"
#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// k-means++ seeding of the embeddings: a random first sample, then draws with probability
/// proportional to the squared distance to the nearest one before. Score = that distance.
/// Reference: Arthur & Vassilvitskii, k-means++ (SODA 2007).
Picks init_kmeans_plus_plus(QueryContext& context) {
  const PointSet points(context.predictions.embeddings(context.unlabeled));
  RngStream rng = context.rng("init");
  const auto n = static_cast<std::size_t>(points.size());
  std::vector<double> nearest(n, 1.0);  // alike for the first draw
  for (std::size_t i = 0; i < n; ++i) {
    if (!points.is_finite(static_cast<std::int64_t>(i))) nearest[i] = std::nan("");
  }
  std::vector<bool> taken(n, false);
  Picks rows;
  while (static_cast<std::int64_t>(rows.size()) < context.n) {
    const std::int64_t row = weighted_draw_untaken(nearest, taken, rng);
    taken[static_cast<std::size_t>(row)] = true;
    const bool first = rows.empty();
    rows.push_back({row, first ? 0.0 : std::sqrt(nearest[static_cast<std::size_t>(row)])});
    points.each_block(points.points().narrow(0, row, 1),
                      [&](std::int64_t begin, const at::Tensor& block) {
                        const float* squared = block.data_ptr<float>();
                        double* near = nearest.data() + begin;
                        for (std::int64_t i = 0; i < block.size(0); ++i) {
                          if (first ? near[i] == 1.0 : squared[i] < near[i]) near[i] = squared[i];
                        }
                      });
  }
  return global_picks(context, rows);
}

}  // namespace al_mpi
