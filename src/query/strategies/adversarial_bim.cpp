#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <torch/csrc/autograd/autograd.h>

#include "src/query/scores/adversarial.hpp"

namespace al_mpi {
namespace {

/// Steps until the prediction of each image flips, [b] float64.
at::Tensor steps_to_flip(const at::Tensor& images, const Predictions::LogitsFn& logits,
                         const QueryOptions& options) {
  at::Tensor predicted;
  const auto numbers = images.options().dtype(at::kDouble);
  at::Tensor steps =
      at::full({images.size(0)}, static_cast<double>(options.adversarial_max_steps), numbers);
  at::Tensor active = at::arange(images.size(0), numbers.dtype(at::kLong));
  at::Tensor current = images.clone();
  at::Tensor gap = at::full({images.size(0)}, 0.0, numbers);
  for (std::int64_t step = 0; step <= options.adversarial_max_steps; ++step) {
    const at::Tensor input = current.detach().requires_grad_(true);
    const at::Tensor out = logits(input);
    if (step == 0) predicted = out.detach().argmax(1);
    const at::Tensor target = predicted.index_select(0, active);
    const at::Tensor gap_now = gap_to_runner_up(out.detach(), target);
    const at::Tensor flipped = gap_now < 0.0;
    if (step == 0) {
      steps.masked_fill_(gap_now.isnan(), std::numeric_limits<double>::quiet_NaN());
    } else {
      // The gap is taken as linear within the last step, so that equal step counts are told apart.
      const at::Tensor part = gap / (gap - gap_now);
      const at::Tensor crossed = flipped.nonzero().squeeze(1);
      steps.index_copy_(0, active.index_select(0, crossed),
                        (static_cast<double>(step - 1) + part).index_select(0, crossed));
    }
    const at::Tensor open = flipped.logical_not().nonzero().squeeze(1);
    if (open.numel() == 0 || step == options.adversarial_max_steps) break;
    const at::Tensor loss = at::cross_entropy_loss(out, target, {}, /*reduction=sum*/ 2);
    const at::Tensor gradient = torch::autograd::grad({loss}, {input})[0];
    current =
        (input.detach() + options.adversarial_epsilon * gradient.sign()).index_select(0, open);
    active = active.index_select(0, open);
    gap = gap_now.index_select(0, open);
  }
  return steps;
}

}  // namespace

/// Basic iterative method: images first whose prediction flips after the fewest steps of
/// query.adversarial_epsilon along the sign of the loss's gradient. Score = minus the number of
/// steps (with the fraction of the last one); images that do not flip come last, at
/// query.adversarial_max_steps. Reference: Kurakin, Goodfellow & Bengio, Adversarial examples in
/// the physical world (2016), section 2.2. Differs from the reference: batched, with a cap, and
/// steps (the size in the maximum norm) instead of the squared norm of the perturbation.
Picks adversarial_bim(QueryContext& context) {
  return top_n(context, score_images(context, steps_to_flip));
}

}  // namespace al_mpi
