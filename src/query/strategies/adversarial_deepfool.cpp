#include <limits>
#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "src/query/scores/adversarial.hpp"

namespace al_mpi {
namespace {

constexpr double overshoot =
    0.02;  // past the boundary, as in the paper, so that the prediction does flip

// Images are [b, C, H, W], a probe's are rows [b, d].

/// One value an image, to multiply images with.
at::Tensor per_image(const at::Tensor& values, const at::Tensor& images) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(images.dim()), 1);
  sizes[0] = -1;
  return values.view(sizes);
}

/// [b]
at::Tensor sum_of_squares(const at::Tensor& images) {
  std::vector<std::int64_t> all_but_first(static_cast<std::size_t>(images.dim() - 1));
  std::iota(all_but_first.begin(), all_but_first.end(), 1);
  return images.square().sum(all_but_first);
}

/// Of tensors [b, ...], a class each, every image's own: that of the class `chosen` [b].
at::Tensor of_class(const std::vector<at::Tensor>& all, const at::Tensor& chosen) {
  at::Tensor result = all[0];
  for (std::size_t c = 1; c < all.size(); ++c) {
    result = at::where(per_image(chosen == static_cast<std::int64_t>(c), result), all[c], result);
  }
  return result;
}

/// The smallest step to the linearised boundary of any other class, of the input's sizes.
at::Tensor step_to_boundary(const at::Tensor& input, const at::Tensor& logits,
                            const at::Tensor& target) {
  const std::int64_t n_classes = logits.size(1);
  std::vector<at::Tensor> gradients;
  for (std::int64_t c = 0; c < n_classes; ++c) {
    const bool more = c + 1 < n_classes;
    gradients.push_back(torch::autograd::grad({logits.select(1, c).sum()}, {input}, {}, more)[0]);
  }
  const at::Tensor of_target = of_class(gradients, target);
  std::vector<at::Tensor> squares;
  for (const at::Tensor& gradient : gradients) {
    squares.push_back(sum_of_squares(gradient - of_target));
  }
  const at::Tensor square = at::stack(squares, 1);  // [b, C]
  const at::Tensor values = logits.detach();
  const at::Tensor f = (values - values.gather(1, target.unsqueeze(1))).abs();
  const at::Tensor distance =
      (f / square.sqrt()).masked_fill(square == 0.0, std::numeric_limits<double>::infinity());
  const at::Tensor nearest = distance.argmin(1, true);
  const at::Tensor length = (f / square).gather(1, nearest);
  return per_image(length, input) * (of_class(gradients, nearest.squeeze(1)) - of_target);
}

/// Euclidean norm of the perturbation that flips each image's prediction, [b] float64.
at::Tensor perturbation_norm(const at::Tensor& images, const Predictions::LogitsFn& logits,
                             const QueryOptions& options) {
  at::Tensor perturbation = at::zeros_like(images);
  at::Tensor active = at::arange(images.size(0), images.options().dtype(at::kLong));
  at::Tensor predicted;
  for (std::int64_t step = 0; step < options.adversarial_max_steps; ++step) {
    const at::Tensor moved = images + (1.0 + overshoot) * perturbation;
    const at::Tensor input = moved.index_select(0, active).detach().requires_grad_(true);
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
  return sum_of_squares(perturbation.to(at::kDouble)).sqrt();
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
