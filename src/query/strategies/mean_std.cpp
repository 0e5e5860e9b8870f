#include <ATen/core/Tensor.h>
#include <ATen/ops/var.h>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Highest standard deviation over MC-dropout passes (population), averaged over the classes.
/// Reference: Kampffmeyer, Salberg & Jenssen (CVPR workshops 2016); Kendall, Badrinarayanan &
/// Cipolla, Bayesian SegNet (BMVC 2017).
Picks mean_std(QueryContext& context) {
  return top_n(context, score_mc_probabilities(context, [](const at::Tensor& p) {
                 return p.var(0, /*unbiased=*/false).sqrt().mean(1);
               }));
}

}  // namespace al_mpi
