#include <al_mpi/model/feature_quality.hpp>

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/optim/lbfgs.h>

namespace al_mpi {
namespace {

std::int64_t n_classes(const LabeledFeatures& features) {
  return *std::max_element(features.labels.begin(), features.labels.end()) + 1;
}

double share_of(const at::Tensor& predicted, const std::vector<std::int64_t>& labels) {
  return predicted.eq(at::tensor(labels)).to(at::kDouble).mean().item<double>();
}

at::Tensor unit_rows(const at::Tensor& x) {
  return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

double knn_accuracy(const LabeledFeatures& train, const LabeledFeatures& test) {
  const at::NoGradGuard no_grad;
  const at::Tensor known = unit_rows(train.rows), labels = at::tensor(train.labels);
  const std::int64_t k = std::min<std::int64_t>(20, known.size(0));
  std::vector<std::int64_t> predicted;
  constexpr std::int64_t chunk = 1024;  // bounds the memory of the similarities
  for (std::int64_t first = 0; first < test.rows.size(0); first += chunk) {
    const std::int64_t n = std::min(chunk, test.rows.size(0) - first);
    const at::Tensor similarity = at::matmul(unit_rows(test.rows.narrow(0, first, n)), known.t());
    const auto [nearest, index] = similarity.topk(k, 1);
    at::Tensor votes = at::zeros({n, n_classes(train)});
    votes.scatter_add_(1, labels.index_select(0, index.flatten()).view({n, k}),
                       (nearest / 0.07).exp());
    const at::Tensor winners = votes.argmax(1);
    const auto* values = winners.data_ptr<std::int64_t>();
    predicted.insert(predicted.end(), values, values + n);
  }
  return share_of(at::tensor(predicted), test.labels);
}

double linear_probe_accuracy(const LabeledFeatures& train, const LabeledFeatures& test) {
  const at::Tensor mean = train.rows.mean(0);
  const at::Tensor spread = train.rows.std(0, /*unbiased=*/false).clamp_min(1e-6);
  const at::Tensor x = (train.rows - mean) / spread, labels = at::tensor(train.labels);
  at::Tensor weight = at::zeros({n_classes(train), x.size(1)}).requires_grad_(true);
  at::Tensor bias = at::zeros({n_classes(train)}).requires_grad_(true);
  torch::optim::LBFGS optimizer(
      {weight, bias}, torch::optim::LBFGSOptions(1).max_iter(200).line_search_fn("strong_wolfe"));
  optimizer.step([&] {
    optimizer.zero_grad();
    const at::Tensor loss = at::cross_entropy_loss(at::matmul(x, weight.t()) + bias, labels) +
                            1e-3 * weight.pow(2).sum();
    loss.backward();
    return loss;
  });
  const at::NoGradGuard no_grad;
  const at::Tensor logits = at::matmul((test.rows - mean) / spread, weight.t()) + bias;
  return share_of(logits.argmax(1), test.labels);
}

}  // namespace al_mpi
