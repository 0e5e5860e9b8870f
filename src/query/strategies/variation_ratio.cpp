#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/one_hot.h>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Lowest share of MC-dropout passes that agree on the class: 1 - (passes for the modal class) / T.
/// It has T values at most, so 1e-6 (1 - max of the mean probability) orders equal ones.
/// Reference: Freeman, Elementary applied statistics (1965); Gal, Islam & Ghahramani (ICML 2017).
Picks variation_ratio(QueryContext& context) {
  return top_n(context, score_mc_probabilities(context, [](const at::Tensor& p) {
                 const at::Tensor votes =
                     at::one_hot(p.argmax(2), p.size(2)).sum(0);  // [b, ..., C]
                 const double passes = static_cast<double>(p.size(0));
                 const at::Tensor ratio = 1.0 - votes.amax(-1).to(at::kDouble) / passes;
                 return ratio + 1e-6 * (1.0 - p.mean(0).amax(1));
               }));
}

}  // namespace al_mpi
