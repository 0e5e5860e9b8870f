#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <al_mpi/query/adversarial.hpp>

namespace al_mpi {
namespace {

constexpr double overshoot =
    0.02;  // past the boundary, as in the paper, so that the prediction does flip

/// The smallest step to the linearised boundary of any other class, [b, features].
at::Tensor step_to_boundary(const at::Tensor& input, const at::Tensor& logits,
                            const at::Tensor& target) {
  const std::int64_t n_classes = logits.size(1);
  std::vector<at::Tensor> gradients;
  for (std::int64_t c = 0; c < n_classes; ++c) {
    const bool more = c + 1 < n_classes;
    const at::Tensor gradient =
        torch::autograd::grad({logits.select(1, c).sum()}, {input}, {}, more)[0];
    gradients.push_back(gradient.flatten(1));
  }
  const at::Tensor all = at::stack(gradients, 1);  // [b, C, features]
  const at::Tensor index = target.view({-1, 1, 1}).expand({-1, 1, all.size(2)});
  const at::Tensor w = all - all.gather(1, index);
  const at::Tensor values = logits.detach();
  const at::Tensor f = (values - values.gather(1, target.unsqueeze(1))).abs();
  const at::Tensor norm = w.square().sum(2).sqrt();
  const at::Tensor infinite = norm == 0.0;
  const at::Tensor distance =
      (f / norm).masked_fill(infinite, std::numeric_limits<double>::infinity());
  const at::Tensor nearest = distance.argmin(1, true);
  const at::Tensor length = (f / norm.square()).gather(1, nearest);
  const at::Tensor direction =
      w.gather(1, nearest.unsqueeze(2).expand({-1, 1, w.size(2)})).squeeze(1);
  return length * direction;
}

/// Euclidean norm of the perturbation that flips each image's prediction, [b] float64.
at::Tensor perturbation_norm(const at::Tensor& images, const Predictions::LogitsFn& logits,
                             const QueryOptions& options) {
  const at::Tensor start = images.flatten(1);
  at::Tensor perturbation = at::zeros_like(start);
  at::Tensor active = at::arange(images.size(0));
  at::Tensor predicted;
  for (std::int64_t step = 0; step < options.adversarial_max_steps; ++step) {
    const at::Tensor moved = start + (1.0 + overshoot) * perturbation;
    const at::Tensor input = moved.index_select(0, active)
                                 .view_as(images.narrow(0, 0, active.size(0)))
                                 .detach()
                                 .requires_grad_(true);
    const at::Tensor out = logits(input);
    if (step == 0) predicted = out.detach().argmax(1);
    const at::Tensor target = predicted.index_select(0, active);
    const at::Tensor flipped = gap_to_runner_up(out.detach(), target) < 0.0;  // NaN: not
    const at::Tensor open = flipped.logical_not().nonzero().squeeze(1);
    if (open.numel() == 0) break;
    const at::Tensor move = step_to_boundary(input, out, target).index_select(0, open);
    active = active.index_select(0, open);
    perturbation.index_add_(0, active, move);
  }
  return perturbation.to(at::kDouble).square().sum(1).sqrt();
}

}  // namespace

/// DeepFool: images first that the smallest perturbation (Euclidean, of the normalised input)
/// carries over the decision boundary. Score = minus its norm; after query.adversarial_max_steps,
/// the norm so far. Reference: Moosavi-Dezfooli, Fawzi & Frossard, DeepFool (CVPR 2016), algorithm
/// 2 with overshoot 0.02; Ducoffe & Precioso, Adversarial active learning for deep networks (2018).
Picks adversarial_deepfool(QueryContext& context) {
  return top_n(context, score_images(context, perturbation_norm));
}

}  // namespace al_mpi
