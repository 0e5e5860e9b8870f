#include "cross_entropy.hpp"

#include <ATen/ops/cross_entropy_loss.h>

namespace al_mpi {

at::Tensor mean_cross_entropy(const at::Tensor& logits, const at::Tensor& labels,
                              std::int64_t ignored) {
  if (logits.dim() == 4 && !logits.is_cpu()) return row_cross_entropy(logits, labels, ignored);
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, ignored);
}

at::Tensor row_cross_entropy(const at::Tensor& logits, const at::Tensor& labels,
                             std::int64_t ignored) {
  const at::Tensor rows = logits.permute({0, 2, 3, 1}).reshape({-1, logits.size(1)});
  return at::cross_entropy_loss(rows, labels.flatten(), {}, at::Reduction::Mean, ignored);
}

}  // namespace al_mpi
