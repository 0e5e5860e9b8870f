#include <al_mpi/query/diagnostics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>

#include "src/query/geometry/distances.hpp"
#include "src/query/geometry/kmeans.hpp"
#include "src/query/scores/acquisition.hpp"

namespace al_mpi {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

at::Tensor finite_part(const at::Tensor& points) {
  return rows_of(points, finite_rows(points));
}

}  // namespace

double coverage_radius(const at::Tensor& points, const at::Tensor& centers) {
  const at::Tensor covered = finite_part(points), by = finite_part(centers);
  if (covered.size(0) == 0 || by.size(0) == 0) return nothing;
  double largest = 0.0;
  PointSet(covered).each_block(by, [&](std::int64_t, const at::Tensor& squared) {
    largest = std::max(largest, squared.amin(1).max().item<double>());
  });
  return std::sqrt(largest);
}

double mean_pairwise_distance(const at::Tensor& points) {
  const at::Tensor finite = finite_part(points);
  const auto n = static_cast<double>(finite.size(0));
  if (n < 2) return nothing;
  double sum = 0.0;
  PointSet(finite).each_block(finite, [&](std::int64_t, const at::Tensor& squared) {
    sum += squared.sqrt().sum(at::kDouble).item<double>();
  });
  return sum / (n * (n - 1));  // both orders of each pair are in it, and n zeros
}

double mean_entropy(Predictions& predictions, const Indices& indices) {
  double sum = 0.0;
  std::int64_t n = 0;
  predictions.each_probabilities(indices, [&](std::int64_t, const at::Tensor& p) {
    const at::Tensor entropy = entropy_score(p.to(at::kDouble).clamp(1e-12, 1.0));
    const at::Tensor finite = entropy.isfinite();
    sum += entropy.masked_fill(finite.logical_not(), 0.0).sum().item<double>();
    n += finite.sum().item<std::int64_t>();
  });
  return n > 0 ? sum / static_cast<double>(n) : nothing;
}

}  // namespace al_mpi
