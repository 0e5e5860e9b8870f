#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// Points whose squared Euclidean distances to others are taken as |a|^2 + |b|^2 - 2ab (matrix
/// products).
///
/// The points are centred, so that a common offset costs no digits; what is left below the rounding
/// error of float32 counts as 0, so a duplicate is exactly at distance 0.
class PointSet {
 public:
  /// points [n, d], any float type; rows with a non-finite value are at distance NaN from
  /// everything.
  explicit PointSet(const at::Tensor& points);

  std::int64_t size() const { return points_.size(0); }
  const at::Tensor& points() const { return points_; }  ///< [n, d] float32, centred
  const at::Tensor& offset() const { return offset_; }  ///< [d] float32, what was subtracted
  at::Tensor centered(const at::Tensor& others) const;  ///< others [m, d] in these coordinates
  bool is_finite(std::int64_t row) const;

  /// Calls fn(first, block): block [b, m] float32 contiguous = squared distances of rows first ...
  /// first + b to `centers` [m, d] (in centred coordinates). Memory O(2^22 numbers + m).
  template <class Fn>
  void each_block(const at::Tensor& centers, const Fn& fn) const {
    const std::int64_t rows = block_rows(centers.size(0));
    const at::Tensor norms = center_norms(centers);
    for (std::int64_t first = 0; first < size(); first += rows) {
      fn(first, block(first, std::min(rows, size() - first), centers, norms));
    }
  }

 private:
  static std::int64_t block_rows(std::int64_t n_centers);
  static at::Tensor center_norms(const at::Tensor& centers);
  at::Tensor block(std::int64_t first, std::int64_t rows, const at::Tensor& centers,
                   const at::Tensor& norms) const;

  at::Tensor offset_;
  at::Tensor points_;
  at::Tensor norms_;  // [n] float32
};

}  // namespace al_mpi
