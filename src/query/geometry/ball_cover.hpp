#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// Balls of one radius around points: which points taken balls cover, and how many more each other
/// ball would. Pairs are counted tile by tile and never kept, so memory is O(n d).
class BallCover {
 public:
  /// points [n, d] float32 of unit length; the balls of the rows `taken` are taken already. Rows
  /// with non-finite values lie in no ball. O(n^2 d).
  BallCover(at::Tensor points, double radius, const std::vector<std::int64_t>& taken);

  /// Points that no taken ball covers in the ball of this row, itself among them; 0 for a taken
  /// row.
  std::int64_t gain(std::size_t row) const { return taken_[row] ? 0 : gain_[row]; }

  /// O(m n d), m being the points newly covered, or those still uncovered where they are fewer.
  void take(std::size_t row);

 private:
  using Rows = std::vector<std::int64_t>;
  void cover(const Rows& centers);
  void count(const Rows& members, std::int32_t sign);

  at::Tensor points_;
  float threshold_;  // cosine of the radius
  Rows finite_;
  std::vector<bool> covered_, taken_;
  std::vector<std::int32_t> gain_;
};

/// The largest radius at which a share `purity` of all balls holds one cluster only, judged by 1000
/// random balls; 2 where there is one cluster only. cluster[i] is that of row i, -1 = leave out.
/// Where clusters lie apart that radius reaches across the gap: a ball then holds a whole cluster.
/// Reference: Yehuda et al., Active learning through a covering lens (NeurIPS 2022), section 3.3;
/// the largest pure radius of each ball gives it at once, without a grid.
double pure_radius(const at::Tensor& points, const std::vector<std::int64_t>& cluster,
                   double purity, RngStream& rng);

}  // namespace al_mpi
