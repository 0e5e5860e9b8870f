#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "src/query/geometry/distances.hpp"
#include "src/query/geometry/kmeans.hpp"
#include "src/query/scores/gradient_embedding.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t chunk = 16;  // centres compared with all points at once
constexpr double infinity = std::numeric_limits<double>::infinity();

/// A set of points: their squared lengths [n] and their squared distances to some rows [n, m], both
/// float64, NaN where a point is not finite.
struct Space {
  at::Tensor squared_norms;
  std::function<at::Tensor(const std::vector<std::int64_t>& rows)> distances;
};

Space space_of(QueryContext& context, const Indices& indices) {
  if (context.options.lcmd_distances == LcmdDistances::gradients) {
    const GradientEmbeddings gradients(probabilities(context.predictions, indices).cpu(),
                                       context.predictions.features(indices));
    return {gradients.squared_norms(), [=](const std::vector<std::int64_t>& rows) {
              return gradients.squared_distances(at::tensor(rows));
            }};
  }
  const PointSet points(diversity_features(context, indices));
  return {points.points().square().sum(1, false, at::kDouble),
          [=](const std::vector<std::int64_t>& rows) {
            at::Tensor all =
                at::empty({points.size(), static_cast<std::int64_t>(rows.size())}, at::kDouble);
            points.each_block(rows_of(points.points(), rows),
                              [&](std::int64_t first, const at::Tensor& block) {
                                all.narrow(0, first, block.size(0)).copy_(block);
                              });
            return all;
          }};
}

/// Which centre is nearest to each point, and how much distance each centre has gathered.
class Clusters {
 public:
  explicit Clusters(std::size_t n) : nearest_(n, infinity), cluster_(n, 0) {}

  /// `distances` [n, m] float64 to m more centres.
  void add_centers(const at::Tensor& distances) {
    const at::Tensor values = distances.contiguous();
    const double* distance = values.data_ptr<double>();
    const auto m = static_cast<std::size_t>(values.size(1));
    for (std::size_t i = 0; i < nearest_.size(); ++i, distance += m) {
      for (std::size_t c = 0; c < m; ++c) {
        if (!(distance[c] < nearest_[i])) continue;
        nearest_[i] = distance[c];
        cluster_[i] = n_centers_ + c;
      }
    }
    n_centers_ += m;
  }

  /// Sums of squared distances, one a centre.
  std::vector<double> sums() const {
    std::vector<double> sums(n_centers_, 0.0);
    for (std::size_t i = 0; i < nearest_.size(); ++i) {
      if (std::isfinite(nearest_[i])) sums[cluster_[i]] += nearest_[i];
    }
    return sums;
  }
  bool empty() const { return n_centers_ == 0; }
  double nearest(std::size_t i) const { return nearest_[i]; }
  std::size_t cluster(std::size_t i) const { return cluster_[i]; }

 private:
  std::vector<double> nearest_;  // squared; infinity where no centre is or the point is not finite
  std::vector<std::size_t> cluster_;
  std::size_t n_centers_ = 0;
};

/// Orders candidates: that of the larger cluster sum first, then the farther one, then by hash.
struct Rank {
  double sum, distance;
  std::uint64_t hash;
  bool operator<(const Rank& other) const {
    if (sum != other.sum) return sum < other.sum;
    return distance != other.distance ? distance < other.distance : hash < other.hash;
  }
};

}  // namespace

/// The largest cluster's farthest point: labelled and picked samples are centres, each sample
/// belongs to its nearest; of the cluster with the largest sum of squared distances the sample
/// farthest from its centre is next. Dense regions are then visited more often than by
/// kcenter_greedy, outliers less. Between last-layer gradients as badge's, or query.features
/// (query.lcmd_distances). Without a centre the longest is first. Score = distance to the nearest
/// centre (first: the length). O(N (L + n) d) time, O(N d) memory, L being the labelled samples.
/// Reference: Holzmueller et al., A framework and benchmark for deep batch active learning for
/// regression (JMLR 2023), LCMD-TP, section 4.
Picks lcmd(QueryContext& context) {
  Indices pool = context.unlabeled;  // rows 0 ... are the candidates
  pool.insert(pool.end(), context.labeled.begin(), context.labeled.end());
  const Space space = space_of(context, pool);
  const auto n_candidates = context.unlabeled.size();
  Clusters clusters(pool.size());
  for (std::size_t first = n_candidates; first < pool.size(); first += chunk) {
    std::vector<std::int64_t> rows;
    for (std::size_t i = first; i < std::min(first + chunk, pool.size()); ++i) {
      rows.push_back(static_cast<std::int64_t>(i));
    }
    clusters.add_centers(space.distances(rows));
  }

  const at::Tensor norms = space.squared_norms.contiguous();
  const double* norm = norms.data_ptr<double>();
  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
  std::vector<bool> taken(n_candidates, false);
  Picks rows;
  while (static_cast<std::int64_t>(rows.size()) < context.n) {
    const std::vector<double> sums = clusters.sums();
    const auto rank_of = [&](std::size_t i) -> Rank {
      if (!std::isfinite(norm[i])) return {-1.0, 0.0, hashes[i]};
      if (clusters.empty()) return {0.0, norm[i], hashes[i]};
      return {sums[clusters.cluster(i)], clusters.nearest(i), hashes[i]};
    };
    std::size_t best = n_candidates;
    Rank best_rank{};
    for (std::size_t i = 0; i < n_candidates; ++i) {
      if (taken[i]) continue;
      const Rank rank = rank_of(i);
      if (best == n_candidates || best_rank < rank) {
        best = i;
        best_rank = rank;
      }
    }
    taken[best] = true;
    rows.push_back({static_cast<std::int64_t>(best), std::sqrt(best_rank.distance)});
    if (std::isfinite(norm[best])) clusters.add_centers(space.distances({rows.back().index}));
  }
  return global_picks(context, rows);
}

}  // namespace al_mpi
