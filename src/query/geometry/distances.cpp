#include "distances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace al_mpi {
namespace {

constexpr std::int64_t tile_numbers = std::int64_t{1} << 19;  // 2 MiB: stays in the cache
constexpr std::int64_t one = 1;
constexpr double rounding = 1e-6;  // of |a|^2 + |b|^2 in float32 dot products

bool all_finite(const float* row, std::int64_t d) {
  int bad = 0;  // no early exit: the loop runs in vectors
  for (std::int64_t j = 0; j < d; ++j) {
    bad |= std::fabs(row[j]) <= std::numeric_limits<float>::max() ? 0 : 1;
  }
  return bad == 0;
}

/// Mean of the rows without NaN or infinity.
at::Tensor finite_mean(const at::Tensor& points) {
  const std::int64_t d = points.size(1);
  std::vector<double> sums(static_cast<std::size_t>(d), 0.0);
  std::int64_t n = 0;
  const float* row = points.data_ptr<float>();
  for (std::int64_t i = 0; i < points.size(0); ++i, row += d) {
    if (!all_finite(row, d)) continue;
    for (std::int64_t j = 0; j < d; ++j) sums[static_cast<std::size_t>(j)] += row[j];
    ++n;
  }
  const at::Tensor sum = at::from_blob(sums.data(), {d}, at::kDouble);
  return (sum / static_cast<double>(std::max<std::int64_t>(1, n))).to(at::kFloat);
}

}  // namespace

float squared_distance(const float* a, const float* b, std::int64_t d) {
  // Sixteen running sums, so that the loop runs in vectors whatever the compiler may reorder.
  constexpr std::int64_t lanes = 16;
  float sums[lanes] = {};
  std::int64_t j = 0;
  for (; j + lanes <= d; j += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const float difference = a[j + lane] - b[j + lane];
      sums[lane] += difference * difference;
    }
  }
  for (; j < d; ++j) sums[j % lanes] += (a[j] - b[j]) * (a[j] - b[j]);
  float sum = 0.0f;
  for (const float part : sums) sum += part;
  return sum;
}

PointSet::PointSet(const at::Tensor& points)
    : points_(points.to(at::kFloat).contiguous()),
      offset_(finite_mean(points_)),
      norms_(at::empty({points_.size(0)}, at::kFloat)) {
  for (std::int64_t i = 0; i < size(); ++i) {
    norms_.data_ptr<float>()[i] = squared_distance(row(i), offset_.data_ptr<float>(), dim());
  }
}

bool PointSet::is_finite(std::int64_t row) const {
  return std::isfinite(norms_.data_ptr<float>()[row]);
}

PointSet::Tiles PointSet::tiles(const at::Tensor& centers) const {
  const at::Tensor centered = centers.to(at::kFloat) - offset_;
  const std::int64_t rows =
      std::max<std::int64_t>(1, tile_numbers / std::max({dim(), centers.size(0), one}));
  return {rows, centered.t(), (centered * centered).sum(1),
          at::empty({std::min(rows, size()), dim()}, at::kFloat)};
}

at::Tensor PointSet::block(std::int64_t first, const Tiles& tiles) const {
  const std::int64_t rows = std::min(tiles.rows, size() - first);
  at::Tensor part = tiles.buffer.narrow(0, 0, rows);
  at::sub_out(part, points_.narrow(0, first, rows), offset_);
  const at::Tensor squares = norms_.narrow(0, first, rows).unsqueeze(1) + tiles.center_norms;
  const at::Tensor distances = at::addmm(squares, part, tiles.centers, 1.0, -2.0);
  return at::where(distances < rounding * squares, at::zeros_like(distances), distances);
}

}  // namespace al_mpi
