#include "gradient_embedding.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/one_hot.h>

namespace al_mpi {
namespace {

/// |a|^2 + |b|^2 - 2ab; what is left below the rounding of float32 products counts as 0.
at::Tensor distances_of(const at::Tensor& squares, const at::Tensor& products) {
  const at::Tensor distances = squares - 2.0 * products;
  return distances.masked_fill(distances < 1e-6 * squares, 0.0);
}

}  // namespace

GradientEmbeddings::GradientEmbeddings(const at::Tensor& p, const at::Tensor& features)
    : residuals_(p.to(at::kDouble) - at::one_hot(p.argmax(1), p.size(1))),
      features_(features.contiguous()),
      squared_norms_(residuals_.square().sum(1) * features_.square().sum(1, false, at::kDouble)) {}

at::Tensor GradientEmbeddings::squared_distances(std::int64_t row) const {
  const at::Tensor products =
      residuals_.mv(residuals_[row]) * features_.mv(features_[row]).to(at::kDouble);
  return distances_of(squared_norms_ + squared_norms_[row], products);
}

at::Tensor GradientEmbeddings::squared_distances(const at::Tensor& rows) const {
  const at::Tensor products = residuals_.mm(residuals_.index_select(0, rows).t()) *
                              features_.mm(features_.index_select(0, rows).t()).to(at::kDouble);
  return distances_of(squared_norms_.unsqueeze(1) + squared_norms_.index_select(0, rows), products);
}

}  // namespace al_mpi
