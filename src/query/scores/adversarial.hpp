#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Effort to change the prediction of each image [b, bands, H, W] of one batch -> [b] float64,
/// smaller = nearer to the decision boundary.
using EffortFn = std::function<at::Tensor(
    const at::Tensor& images, const Predictions::LogitsFn& logits, const QueryOptions& options)>;

/// Minus the effort of all candidates, [n] float64.
at::Tensor score_images(QueryContext& context, const EffortFn& effort);

/// Logit of class target[i] minus the largest other one, [b] float64; logits [b, C], target [b]
/// int64. Negative once the prediction is another.
at::Tensor gap_to_runner_up(const at::Tensor& logits, const at::Tensor& target);

}  // namespace al_mpi
