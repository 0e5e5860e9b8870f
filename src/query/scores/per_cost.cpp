#include "per_cost.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/core/Tensor.h>

namespace al_mpi {

at::Tensor scores_per_cost(const QueryContext& context, const at::Tensor& scores) {
  if (context.options.cost == CostRule::ignored || !context.cost_of) return scores;
  at::Tensor divided = scores.to(at::kDouble).contiguous().clone();
  double* score = divided.data_ptr<double>();
  double lowest = 0.0;
  for (std::int64_t i = 0; i < divided.numel(); ++i) {
    if (std::isfinite(score[i])) lowest = std::min(lowest, score[i]);
  }
  for (std::int64_t i = 0; i < divided.numel(); ++i) {
    score[i] =
        (score[i] - lowest) / context.cost_of(context.unlabeled[static_cast<std::size_t>(i)]);
  }
  return divided;
}

}  // namespace al_mpi
