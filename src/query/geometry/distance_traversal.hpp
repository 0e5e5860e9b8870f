#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// Farthest-first traversal of n points by any distance, given one centre at a time: keeps only
/// each point's distance to its nearest centre. FarthestFirst is the faster one for Euclidean
/// distances. Reference: Gonzalez, Theoretical Computer Science 38 (1985).
class DistanceTraversal {
 public:
  /// `ties`, one a point: of equally far points the one with the larger value is next.
  explicit DistanceTraversal(std::vector<std::uint64_t> ties);

  void put_last(std::int64_t row);          ///< a point with unusable values; before any cover()
  void cover(const at::Tensor& distances);  ///< [n] to one centre; NaN: not known
  std::int64_t farthest() const;            ///< row not taken; there must be one
  double take(std::int64_t row);            ///< its distance to the nearest centre; 0 without one

 private:
  std::vector<std::uint64_t> ties_;
  std::vector<double> nearest_;  // infinity = no centre yet
  std::vector<bool> taken_;
};

}  // namespace al_mpi
