#include "gradient_embedding.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/one_hot.h>

namespace al_mpi {

GradientEmbeddings::GradientEmbeddings(const at::Tensor& p, const at::Tensor& features)
    : residuals_(p.to(at::kDouble) - at::one_hot(p.argmax(1), p.size(1))),
      features_(features.contiguous()),
      squared_norms_(residuals_.square().sum(1) * features_.square().sum(1, false, at::kDouble)) {}

at::Tensor GradientEmbeddings::squared_distances(std::int64_t row) const {
  const at::Tensor products =
      residuals_.mv(residuals_[row]) * features_.mv(features_[row]).to(at::kDouble);
  const at::Tensor squares = squared_norms_ + squared_norms_[row];
  const at::Tensor distances = squares - 2.0 * products;
  return distances.masked_fill(distances < 1e-6 * squares, 0.0);  // rounding of float32 products
}

}  // namespace al_mpi
