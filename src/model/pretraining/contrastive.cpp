#include "contrastive.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

namespace al_mpi {
namespace {

at::Tensor unit_rows(const at::Tensor& x) {
  return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

at::Tensor nt_xent(const at::Tensor& a, const at::Tensor& b, double temperature) {
  const std::int64_t n = a.size(0);
  const at::Tensor z = unit_rows(at::cat({a, b}));
  at::Tensor similarity = at::matmul(z, z.t()) / temperature;
  similarity.fill_diagonal_(-1e9);  // no view is compared with itself
  const at::Tensor index = at::arange(n, at::TensorOptions(z.device()).dtype(at::kLong));
  return at::cross_entropy_loss(similarity, at::cat({index + n, index}));
}

at::Tensor info_nce(const at::Tensor& query, const at::Tensor& key, const at::Tensor& queue,
                    double temperature) {
  const at::Tensor q = unit_rows(query), k = unit_rows(key.detach());
  const at::Tensor positive = (q * k).sum(1, /*keepdim=*/true);
  const at::Tensor logits = at::cat({positive, at::matmul(q, queue.t())}, 1) / temperature;
  return at::cross_entropy_loss(
      logits, at::zeros({q.size(0)}, at::TensorOptions(q.device()).dtype(at::kLong)));
}

void KeyQueue::push(const at::Tensor& keys) {
  const std::int64_t size = rows_.size(0), n = std::min(keys.size(0), size);
  const at::Tensor newest = unit_rows(keys.detach()).narrow(0, keys.size(0) - n, n);
  rows_ = at::cat({rows_.narrow(0, n, size - n), newest});
}

}  // namespace al_mpi
