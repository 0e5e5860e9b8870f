#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/where.h>

#include <al_mpi/query/distances.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t block_numbers = std::int64_t{1} << 22;
constexpr double rounding = 1e-6;  // of |a|^2 + |b|^2 in float32 dot products

}  // namespace

PointSet::PointSet(const at::Tensor& points) {
  const at::Tensor given = points.to(at::kFloat);
  const at::Tensor known = at::where(at::isfinite(given), given, at::zeros_like(given));
  offset_ = known.mean(0);
  points_ = (given - offset_).contiguous();
  norms_ = (points_ * points_).sum(1);
}

at::Tensor PointSet::centered(const at::Tensor& others) const {
  return (others.to(at::kFloat) - offset_).contiguous();
}

bool PointSet::is_finite(std::int64_t row) const {
  return std::isfinite(norms_.data_ptr<float>()[row]);
}

std::int64_t PointSet::block_rows(std::int64_t n_centers) {
  return std::max<std::int64_t>(1, block_numbers / std::max<std::int64_t>(1, n_centers));
}

at::Tensor PointSet::center_norms(const at::Tensor& centers) {
  return (centers * centers).sum(1);
}

at::Tensor PointSet::block(std::int64_t first, std::int64_t rows, const at::Tensor& centers,
                           const at::Tensor& norms) const {
  const at::Tensor part = points_.narrow(0, first, rows);
  const at::Tensor products =
      centers.size(0) == 1 ? part.mv(centers[0]).unsqueeze(1) : part.mm(centers.t());
  const at::Tensor squares = norms_.narrow(0, first, rows).unsqueeze(1) + norms;
  const at::Tensor distances = squares - 2.0 * products;
  return at::where(distances < rounding * squares, at::zeros_like(distances), distances)
      .contiguous();
}

}  // namespace al_mpi
