#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/core/Tensor.h>

#include "src/query/geometry/weighted_draw.hpp"
#include "src/query/scores/gradient_embedding.hpp"

namespace al_mpi {

/// k-means++ over gradients: diverse and uncertain at once. g_i = (p_i - onehot(argmax p_i)) x h_i
/// is the gradient of the last layer for the predicted class; the longest is first, then draws with
/// probability proportional to the squared distance to the nearest picked. Score = that distance
/// (first: the length). O(n (C + d)) memory and time a pick, for the factors are never multiplied
/// out. Reference: Ash et al., Deep batch active learning by diverse, uncertain gradient lower
/// bounds (ICLR 2020), algorithm 1.
Picks badge(QueryContext& context) {
  const GradientEmbeddings gradients(probabilities(context.predictions, context.unlabeled),
                                     context.predictions.features(context.unlabeled));
  RngStream rng = context.rng("query");
  const auto n = static_cast<std::size_t>(context.unlabeled.size());
  std::vector<double> nearest(n, std::numeric_limits<double>::infinity());
  std::vector<bool> taken(n, false);
  Picks first = highest(context, gradients.squared_norms().sqrt(), 1);
  Picks rows;
  std::int64_t row =
      std::lower_bound(context.unlabeled.begin(), context.unlabeled.end(), first[0].index) -
      context.unlabeled.begin();
  double score = first[0].score;
  while (true) {
    rows.push_back({row, score});
    if (static_cast<std::int64_t>(rows.size()) == context.n) break;
    taken[static_cast<std::size_t>(row)] = true;
    const at::Tensor distances = gradients.squared_distances(row).contiguous();
    const double* distance = distances.data_ptr<double>();
    for (std::size_t i = 0; i < n; ++i) {
      if (!(distance[i] >= nearest[i])) nearest[i] = distance[i];  // NaN stays with its own row
    }
    row = weighted_draw_untaken(nearest, taken, rng);
    score = std::sqrt(nearest[static_cast<std::size_t>(row)]);
  }
  return global_picks(context, rows);
}

}  // namespace al_mpi
