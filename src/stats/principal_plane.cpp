#include <al_mpi/stats/principal_plane.hpp>

#include <algorithm>
#include <cmath>

namespace al_mpi {
namespace {

using Vector = std::vector<double>;

constexpr int most_steps = 300;  // an axis
constexpr double still = 1e-12;  // an axis has settled when a step turns it by less

double dot(const Vector& a, const Vector& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Scales to length 1; false where there is nothing to scale.
bool normalize(Vector& v) {
  const double length = std::sqrt(dot(v, v));
  if (!(length > 1e-9)) return false;
  for (double& x : v) x /= length;
  return true;
}

void remove_part_along(const Vector& axis, Vector& v) {
  const double part = dot(axis, v);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] -= part * axis[i];
}

/// The longest of the rows but for their parts along `before`: it does not lie across the axis that
/// is sought.
Vector longest(const std::vector<Vector>& rows, const Vector& before) {
  Vector best;
  double length = -1.0;
  for (Vector row : rows) {
    if (!before.empty()) remove_part_along(before, row);
    if (dot(row, row) <= length) continue;
    length = dot(row, row);
    best = std::move(row);
  }
  return best;
}

/// The direction across `before` in which the rows vary most, by power iteration; zeros where they
/// do not vary.
Vector principal_axis(const std::vector<Vector>& rows, const Vector& before) {
  Vector axis = longest(rows, before);
  if (!normalize(axis)) return Vector(axis.size(), 0.0);
  for (int step = 0; step < most_steps; ++step) {
    Vector next(axis.size(), 0.0);
    for (const Vector& row : rows) {
      const double part = dot(row, axis);
      for (std::size_t i = 0; i < next.size(); ++i) next[i] += part * row[i];
    }
    if (!before.empty()) remove_part_along(before, next);
    if (!normalize(next)) break;
    const bool settled = 1.0 - dot(axis, next) < still;
    axis = std::move(next);
    if (settled) break;
  }
  // Of the two directions the one whose largest number is positive.
  const auto largest = std::max_element(
      axis.begin(), axis.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*largest < 0.0) {
    for (double& x : axis) x = -x;
  }
  return axis;
}

}  // namespace

PrincipalPlane::PrincipalPlane(const std::vector<float>& rows, std::size_t dim)
    : mean_(dim, 0.0), scale_(dim, 0.0) {
  const std::size_t n = rows.size() / dim;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    mean_[i % dim] += static_cast<double>(rows[i]) / static_cast<double>(n);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double off = static_cast<double>(rows[i]) - mean_[i % dim];
    scale_[i % dim] += off * off / static_cast<double>(n);
  }
  double n_varying = 0;
  for (std::size_t c = 0; c < dim; ++c) {
    const double deviation = std::sqrt(scale_[c]);
    const bool varies = deviation > 1e-6 * std::abs(mean_[c]) && deviation > 0.0;
    scale_[c] = varies ? 1.0 / deviation : 0.0;
    n_varying += varies ? 1 : 0;
  }
  std::vector<Vector> scaled(n, Vector(dim));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    scaled[i / dim][i % dim] = (static_cast<double>(rows[i]) - mean_[i % dim]) * scale_[i % dim];
  }
  for (std::size_t k = 0; k < 2; ++k) {
    axes_[k] = principal_axis(scaled, k == 0 ? Vector() : axes_[0]);
    for (const Vector& row : scaled) {
      shares_[k] += std::pow(dot(row, axes_[k]), 2) / static_cast<double>(n);
    }
    if (n_varying > 0) shares_[k] /= n_varying;
  }
}

std::array<double, 2> PrincipalPlane::place(const float* row) const {
  std::array<double, 2> at = {0.0, 0.0};
  for (std::size_t c = 0; c < mean_.size(); ++c) {
    const double value = (static_cast<double>(row[c]) - mean_[c]) * scale_[c];
    for (std::size_t k = 0; k < 2; ++k) at[k] += value * axes_[k][c];
  }
  return at;
}

}  // namespace al_mpi
