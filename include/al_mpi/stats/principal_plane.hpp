#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace al_mpi {

/// The plane in which points vary most: their first two principal components, of columns scaled to
/// mean 0 and deviation 1.
class PrincipalPlane {
 public:
  /// rows [n, dim] row-major, finite, n >= 1. Columns that are constant in them do not count.
  /// O(n dim) a step of the power iteration, at most 600 steps.
  PrincipalPlane(const std::vector<float>& rows, std::size_t dim);

  /// Where a point [dim] lies in the plane, also one that was not among the rows.
  std::array<double, 2> place(const float* row) const;

  /// Share of the rows' variance along each axis; 0 where they do not vary.
  const std::array<double, 2>& shares() const { return shares_; }

 private:
  std::vector<double> mean_, scale_;         // [dim]
  std::array<std::vector<double>, 2> axes_;  // [dim] of length 1, or zeros
  std::array<double, 2> shares_ = {0.0, 0.0};
};

}  // namespace al_mpi
