#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>
#include <al_mpi/query/query.hpp>

namespace al_mpi {

struct KMeansOptions {
  std::int64_t k = 8;                 ///< clusters, 1 <= k <= points
  std::int64_t restarts = 10;         ///< starts of which the best inertia is kept, >= 1
  std::int64_t max_iterations = 100;  ///< Lloyd steps, >= 1
  double tolerance = 1e-4;            ///< stops when inertia falls by less than this share
};

struct KMeans {
  at::Tensor centers;                 ///< [k, d] float32
  std::vector<std::int64_t> cluster;  ///< of each point, 0 <= c < k
  std::vector<double> distance;       ///< of each point to its centre, squared
  double inertia = 0.0;               ///< their sum
};

/// k-means: greedy k-means++ starts, then Lloyd's iteration; an empty cluster moves to the point
/// farthest from its centre. points [n, d] float32, finite. O(n k d) a step, as matrix products.
/// With more than max(4096, 8 k) points the starts compete on a random sample of that size and
/// only the best goes on with all points. Reference: Arthur & Vassilvitskii, k-means++ (SODA 2007),
/// with the candidates of its section 6; Bradley & Fayyad, Refining initial points for k-means
/// (ICML 1998) for the sample.
KMeans kmeans(const at::Tensor& points, const KMeansOptions& options, RngStream& rng);

/// The numbers of the rows of `points` [n, d] that have neither NaN nor infinity.
std::vector<std::int64_t> finite_rows(const at::Tensor& points);
at::Tensor rows_of(const at::Tensor& points, const std::vector<std::int64_t>& rows);

/// The candidate nearest to the centre in each of context.n k-means clusters of `points`
/// [candidates, d], topped up farthest-first; score = minus its distance. Rows, not global indices.
Picks kmeans_representatives(const QueryContext& context, const at::Tensor& points, RngStream& rng);

}  // namespace al_mpi
