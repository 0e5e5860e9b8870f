#include "kmeans.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>

#include "distances.hpp"
#include "farthest_first.hpp"
#include "weighted_draw.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

using Weights = std::vector<double>;

std::size_t at_row(std::int64_t row) {
  return static_cast<std::size_t>(row);
}

/// Greedy k-means++: of a few D^2 draws the one that lowers the potential most. [k, d].
at::Tensor plus_plus_centers(const PointSet& points, std::int64_t k, RngStream& rng) {
  const std::int64_t n = points.size();
  const auto n_draws = 2 + static_cast<std::int64_t>(std::log(static_cast<double>(k)));
  Weights nearest(at_row(n), std::numeric_limits<double>::infinity());
  std::vector<std::int64_t> chosen;
  at::Tensor distances = at::empty({n_draws, n}, at::kFloat);
  while (static_cast<std::int64_t>(chosen.size()) < k) {
    std::vector<std::int64_t> draws;
    for (std::int64_t i = 0; i < (chosen.empty() ? 1 : n_draws); ++i) {
      draws.push_back(chosen.empty() ? static_cast<std::int64_t>(rng.below(at_row(n)))
                                     : weighted_draw(nearest, rng));
    }
    points.each_block(
        rows_of(points.points(), draws), [&](std::int64_t first, const at::Tensor& block) {
          distances.narrow(0, 0, block.size(1)).narrow(1, first, block.size(0)).copy_(block.t());
        });
    std::size_t best = 0;
    double best_potential = std::numeric_limits<double>::infinity();
    for (std::size_t draw = 0; draw < draws.size(); ++draw) {
      const float* d = distances.data_ptr<float>() + static_cast<std::int64_t>(draw) * n;
      double potential = 0.0;
      for (std::size_t i = 0; i < nearest.size(); ++i) {
        potential += std::min<double>(nearest[i], d[i]);
      }
      if (potential < best_potential) {
        best_potential = potential;
        best = draw;
      }
    }
    const float* d = distances.data_ptr<float>() + static_cast<std::int64_t>(best) * n;
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      nearest[i] = std::min<double>(nearest[i], d[i]);
    }
    chosen.push_back(draws[best]);
  }
  return rows_of(points.points(), chosen);
}

void assign(const PointSet& points, KMeans& state) {
  const auto n = at_row(points.size());
  state.cluster.resize(n);
  state.distance.resize(n);
  points.each_block(state.centers, [&](std::int64_t first, const at::Tensor& block) {
    const auto [nearest, cluster] = block.min(1);
    const float* d = nearest.data_ptr<float>();
    const std::int64_t* c = cluster.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < block.size(0); ++i) {
      state.distance[at_row(first + i)] = d[i];
      state.cluster[at_row(first + i)] = c[i];
    }
  });
  state.inertia = 0.0;
  for (const double d : state.distance) state.inertia += d;
}

/// Gives each empty cluster the point farthest from its centre.
void fill_empty_clusters(KMeans& state) {
  std::vector<std::int64_t> sizes(at_row(state.centers.size(0)), 0);
  for (const std::int64_t c : state.cluster) ++sizes[at_row(c)];
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] > 0) continue;
    std::size_t farthest = state.cluster.size();
    for (std::size_t i = 0; i < state.cluster.size(); ++i) {
      if (sizes[at_row(state.cluster[i])] < 2) continue;
      if (farthest == state.cluster.size() || state.distance[i] > state.distance[farthest])
        farthest = i;
    }
    --sizes[at_row(state.cluster[farthest])];
    state.cluster[farthest] = static_cast<std::int64_t>(c);
    state.distance[farthest] = 0.0;
    sizes[c] = 1;
  }
}

void move_centers(const PointSet& points, KMeans& state) {
  fill_empty_clusters(state);
  const std::int64_t k = state.centers.size(0);
  const std::int64_t d = state.centers.size(1);
  Weights sums(at_row(k * d), 0.0);
  std::vector<std::int64_t> sizes(at_row(k), 0);
  const float* point = points.points().data_ptr<float>();
  for (const std::int64_t c : state.cluster) {
    double* sum = sums.data() + c * d;
    for (std::int64_t j = 0; j < d; ++j) sum[j] += point[j];
    ++sizes[at_row(c)];
    point += d;
  }
  float* center = state.centers.data_ptr<float>();
  for (std::int64_t c = 0; c < k; ++c) {
    const double size = static_cast<double>(sizes[at_row(c)]);
    for (std::int64_t j = 0; j < d; ++j) {
      center[c * d + j] = static_cast<float>(sums[at_row(c * d + j)] / size);
    }
  }
}

KMeans lloyd(const PointSet& points, const at::Tensor& centers, const KMeansOptions& options) {
  KMeans state;
  state.centers = centers.contiguous();
  assign(points, state);
  for (std::int64_t step = 0; step < options.max_iterations; ++step) {
    const double before = state.inertia;
    move_centers(points, state);
    assign(points, state);
    if (before - state.inertia <= options.tolerance * before) break;
  }
  return state;
}

KMeans best_start(const PointSet& points, const KMeansOptions& options, RngStream& rng) {
  KMeans best;
  for (std::int64_t start = 0; start < options.restarts; ++start) {
    KMeans found = lloyd(points, plus_plus_centers(points, options.k, rng), options);
    if (start == 0 || found.inertia < best.inertia) best = std::move(found);
  }
  return best;
}

}  // namespace

at::Tensor rows_of(const at::Tensor& points, const std::vector<std::int64_t>& rows) {
  return points.index_select(0, at::tensor(rows));
}

KMeans kmeans(const at::Tensor& points, const KMeansOptions& options, RngStream& rng) {
  const std::int64_t n = points.size(0);
  check(options.k >= 1 && options.k <= n, "{} clusters of {} points", options.k, n);
  const PointSet all(points);
  const std::int64_t sample = std::max<std::int64_t>(4096, 8 * options.k);
  KMeans result;
  if (n <= sample) {
    result = best_start(all, options, rng);
  } else {
    const PointSet some(rows_of(points, rng.sample(n, sample)));
    const at::Tensor centers = best_start(some, options, rng).centers;
    result = lloyd(all, centers, options);
  }
  return result;
}

std::vector<std::int64_t> finite_rows(const at::Tensor& points) {
  const at::Tensor finite = at::isfinite(points).all(1).nonzero().squeeze(1);
  return {finite.data_ptr<std::int64_t>(), finite.data_ptr<std::int64_t>() + finite.size(0)};
}

Picks kmeans_representatives(const QueryContext& context, const at::Tensor& points,
                             RngStream& rng) {
  const std::vector<std::int64_t> usable = finite_rows(points);
  const auto k = std::min(context.n, static_cast<std::int64_t>(usable.size()));
  Picks rows;
  if (k > 0 && context.n < points.size(0)) {
    const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
    const KMeans found = kmeans(rows_of(points, usable), {k, context.options.kmeans_restarts}, rng);
    std::vector<Pick> nearest(at_row(k), {-1, -std::numeric_limits<double>::infinity()});
    for (std::size_t i = 0; i < usable.size(); ++i) {
      Pick& best = nearest[at_row(found.cluster[i])];
      const double score = -std::sqrt(found.distance[i]);
      if (score > best.score ||
          (score == best.score && hashes[at_row(usable[i])] > hashes[at_row(best.index)])) {
        best = {usable[i], score};
      }
    }
    std::copy_if(nearest.begin(), nearest.end(), std::back_inserter(rows),
                 [](const Pick& pick) { return pick.index >= 0; });  // else its cluster is empty
  }
  add_farthest_first(context, points, {}, rows);
  return rows;
}

}  // namespace al_mpi
