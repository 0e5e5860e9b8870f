#pragma once

#include <memory>
#include <vector>

#include <torch/nn/modules/linear.h>

namespace al_mpi {

/// Predicts the loss that a network will have on a sample, from the network's own feature maps:
/// each is averaged, goes through a layer of 128 units with ReLU, and one layer reads them all.
/// Trained beside the network (internal to model/).
/// Reference: Yoo & Kweon, Learning loss for active learning (CVPR 2019), sections 3.2 and 3.3.
class LossPredictor : public torch::nn::Module {
 public:
  /// Fits maps with as many channels as these.
  explicit LossPredictor(const std::vector<at::Tensor>& maps);

  /// Maps of Network::encode(), [b, c] or [b, c, h, w] each -> predicted losses [b] float32, known
  /// up to their order only.
  at::Tensor forward(const std::vector<at::Tensor>& maps);

  /// What training adds to the loss of a batch, from its maps and its losses [b]: ranking_loss().
  /// `done` is the share of the round's steps behind it; from 0.6 on no gradient reaches the maps,
  /// so that the network ends its training for its own task.
  at::Tensor training_loss(std::vector<at::Tensor> maps, const at::Tensor& losses, double done);

 private:
  std::vector<torch::nn::Linear> layers_;
  torch::nn::Linear last_;
};

/// The predictor's name among the parts of a network.
constexpr const char* loss_predictor_name = "loss_prediction";

/// How wrongly predictions [b] rank losses [b]: the mean over the pairs (i, b - 1 - i) of
/// max(0, 1 - sign(l_i - l_j) (predicted_i - predicted_j)), a scalar. Equal losses have no order:
/// such a pair has no gradient (in the authors' code the first counts as the smaller). The middle
/// sample of an odd batch has no partner; 0 without any pair.
at::Tensor ranking_loss(const at::Tensor& predicted, const at::Tensor& losses);

/// Cross-entropy of each sample, [b], from logits [b, C] or [b, C, H, W] and labels [b] or [b, H,
/// W]: the mean over its pixels whose label is not `ignored`, 0 where there are none. No gradient.
at::Tensor sample_losses(const at::Tensor& logits, const at::Tensor& labels, std::int64_t ignored);

}  // namespace al_mpi
