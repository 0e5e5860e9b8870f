#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Last-layer gradients g_i = a_i x h_i for the predicted classes, a_i = p_i - onehot(argmax p_i),
/// kept as their factors: |g_i - g_j|^2 = |a_i|^2 |h_i|^2 + |a_j|^2 |h_j|^2 - 2 (a_i a_j)(h_i h_j).
class GradientEmbeddings {
 public:
  /// p [n, C], features h [n, d] float32.
  GradientEmbeddings(const at::Tensor& p, const at::Tensor& features);

  const at::Tensor& squared_norms() const { return squared_norms_; }  ///< [n] float64
  at::Tensor squared_distances(std::int64_t row) const;  ///< to all rows, [n] float64, >= 0
  /// The same to m rows [m] int64 at once: [n, m].
  at::Tensor squared_distances(const at::Tensor& rows) const;

 private:
  at::Tensor residuals_;      // [n, C] float64
  at::Tensor features_;       // [n, d] float32
  at::Tensor squared_norms_;  // [n] float64
};

}  // namespace al_mpi
