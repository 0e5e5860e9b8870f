#include "loss_predictor.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>

namespace al_mpi {
namespace {

constexpr std::int64_t width = 128;
constexpr double share_with_trunk = 0.6;  // of the steps: 120 of the paper's 200 epochs

}  // namespace

LossPredictor::LossPredictor(const std::vector<at::Tensor>& maps)
    : last_(register_module("last",
                            torch::nn::Linear(width * static_cast<std::int64_t>(maps.size()), 1))) {
  for (const at::Tensor& map : maps) {
    layers_.push_back(register_module("layer" + std::to_string(layers_.size() + 1),
                                      torch::nn::Linear(map.size(1), width)));
  }
}

at::Tensor LossPredictor::forward(const std::vector<at::Tensor>& maps) {
  std::vector<at::Tensor> parts;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const at::Tensor mean = maps[i].dim() == 4 ? maps[i].mean({2, 3}) : maps[i];
    parts.push_back(layers_[i](mean.to(at::kFloat)).relu());
  }
  return last_(at::cat(parts, 1)).squeeze(1);
}

at::Tensor LossPredictor::training_loss(std::vector<at::Tensor> maps, const at::Tensor& losses,
                                        double done) {
  if (done >= share_with_trunk) {
    for (at::Tensor& map : maps) map = map.detach();
  }
  return ranking_loss(forward(maps), losses);
}

at::Tensor ranking_loss(const at::Tensor& predicted, const at::Tensor& losses) {
  const std::int64_t n_pairs = predicted.size(0) / 2;
  const auto differences = [&](const at::Tensor& values) {
    return (values - values.flip(0)).narrow(0, 0, n_pairs);
  };
  const at::Tensor order = differences(losses).sign();
  return (1.0 - order * differences(predicted)).clamp_min(0.0).sum() /
         static_cast<double>(std::max<std::int64_t>(1, n_pairs));
}

at::Tensor sample_losses(const at::Tensor& logits, const at::Tensor& labels, std::int64_t ignored) {
  const at::NoGradGuard no_grad;
  const std::int64_t b = logits.size(0);
  const at::Tensor losses =
      at::cross_entropy_loss(logits, labels, {}, at::Reduction::None, ignored).reshape({b, -1});
  const at::Tensor n_valid = labels.ne(ignored).reshape({b, -1}).sum(1);
  return losses.sum(1) / n_valid.clamp_min(1);
}

}  // namespace al_mpi
