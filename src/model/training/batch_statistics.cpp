#include "batch_statistics.hpp"

#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace al_mpi {
namespace {

constexpr double momentum = 0.1;  // of every BatchNorm layer here, as in torchvision

}  // namespace

BatchStatisticsMode::BatchStatisticsMode(Network& network, std::int64_t passes)
    : network_(network), n_batches_(static_cast<std::size_t>(passes), 0) {
  for (const auto& module : network.modules(/*include_self=*/false)) {
    if (const auto layer = std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(module)) {
      layer->train();
      layer->options.momentum(1.0);
      layers_.emplace_back(layer);
    }
  }
  before_ = read();
  moved_.assign(static_cast<std::size_t>(passes), at::zeros_like(before_));
}

BatchStatisticsMode::~BatchStatisticsMode() {
  for (auto& layer : layers_) layer->options.momentum(momentum);
  write(before_);
  network_.eval();
}

void BatchStatisticsMode::take(std::int64_t pass) {
  const auto t = static_cast<std::size_t>(pass);
  moved_[t] = moved_[t] * (1 - momentum) + read() * momentum;
  ++n_batches_[t];
}

void BatchStatisticsMode::finish() {
  for (std::size_t t = 0; t < moved_.size(); ++t) {
    before_ = before_ * std::pow(1 - momentum, n_batches_[t]) + moved_[t];
  }
}

at::Tensor BatchStatisticsMode::read() const {
  std::vector<at::Tensor> parts;
  for (const auto& layer : layers_) {
    parts.push_back(layer->running_mean);
    parts.push_back(layer->running_var);
  }
  return parts.empty() ? at::zeros({0}) : at::cat(parts);
}

void BatchStatisticsMode::write(const at::Tensor& values) {
  const at::NoGradGuard no_grad;
  std::int64_t first = 0;
  for (auto& layer : layers_) {
    for (at::Tensor* statistic : {&layer->running_mean, &layer->running_var}) {
      statistic->copy_(values.narrow(0, first, statistic->numel()));
      first += statistic->numel();
    }
  }
}

}  // namespace al_mpi
