#include "adversarial.hpp"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

namespace al_mpi {

at::Tensor score_images(QueryContext& context, const EffortFn& effort) {
  at::Tensor scores = at::empty({static_cast<std::int64_t>(context.unlabeled.size())}, at::kDouble);
  context.predictions.each_images(
      context.unlabeled,
      [&](std::int64_t first, const at::Tensor& images, const Predictions::LogitsFn& logits) {
        const c10::AutoGradMode gradients(true);
        scores.narrow(0, first, images.size(0))
            .copy_(-effort(images, logits, context.options).detach());
      });
  return scores;
}

at::Tensor gap_to_runner_up(const at::Tensor& logits, const at::Tensor& target) {
  const at::Tensor index = target.unsqueeze(1);
  const at::Tensor values = logits.to(at::kDouble);
  const at::Tensor others = values.scatter(1, index, -std::numeric_limits<double>::infinity());
  return values.gather(1, index).squeeze(1) - others.amax(1);
}

}  // namespace al_mpi
