#pragma once

#include <algorithm>
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// Squared Euclidean distance of two rows of `d` numbers; exactly 0 for equal rows.
float squared_distance(const float* a, const float* b, std::int64_t d);

/// Points whose squared Euclidean distances to many others are taken as |a|^2 + |b|^2 - 2ab (matrix
/// products).
///
/// Within the product the points are centred, so that a common offset costs no digits; what is left
/// below the rounding error of float32 counts as 0, so a duplicate is exactly at distance 0. Memory
/// O(n) beside the points, which are not copied where they are contiguous float32.
class PointSet {
 public:
  /// points [n, d], any float type; rows with a non-finite value are at distance NaN from
  /// everything.
  explicit PointSet(const at::Tensor& points);

  std::int64_t size() const { return points_.size(0); }
  std::int64_t dim() const { return points_.size(1); }
  const at::Tensor& points() const { return points_; }  ///< [n, d] float32
  const float* row(std::int64_t i) const { return points_.data_ptr<float>() + i * dim(); }
  bool is_finite(std::int64_t row) const;

  /// Calls fn(first, block): block [b, m] float32 contiguous = squared distances of rows first ...
  /// first + b to `centers` [m, d]. Memory O(2^19 numbers + m d).
  template <class Fn>
  void each_block(const at::Tensor& centers, const Fn& fn) const {
    const Tiles tiles = this->tiles(centers);
    for (std::int64_t first = 0; first < size(); first += tiles.rows) {
      fn(first, block(first, tiles));
    }
  }

 private:
  struct Tiles {
    std::int64_t rows;        ///< of points at a time
    at::Tensor centers;       ///< [d, m], centred
    at::Tensor center_norms;  ///< [m]
    at::Tensor buffer;        ///< [rows, d]
  };
  Tiles tiles(const at::Tensor& centers) const;
  at::Tensor block(std::int64_t first, const Tiles& tiles) const;

  at::Tensor points_;
  at::Tensor offset_;  // [d] float32
  at::Tensor norms_;   // [n] float32, of the centred points
};

}  // namespace al_mpi
