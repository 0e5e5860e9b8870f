#include "acquisition.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/topk.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

at::Tensor entropy(const at::Tensor& p, std::int64_t class_dim) {
  return -(p * p.log()).sum(class_dim);
}

}  // namespace

at::Tensor least_confidence_score(const at::Tensor& p) {
  return 1.0 - p.amax(1);
}

at::Tensor margin_score(const at::Tensor& p) {
  check(p.size(1) >= 2, "a margin of {} classes", p.size(1));
  const at::Tensor two = std::get<0>(at::topk(p, 2, 1));
  return two.select(1, 1) - two.select(1, 0);
}

at::Tensor entropy_score(const at::Tensor& p) {
  return entropy(p, 1);
}

at::Tensor mutual_information(const at::Tensor& p) {
  return (entropy(p.mean(0), 1) - entropy(p, 2).mean(0)).clamp_min(0.0);
}

ScoreFn entropy_acquisition(const QueryOptions& options) {
  if (options.pixel_entropy == PixelEntropy::highest) return entropy_score;
  return [](const at::Tensor& p) { return p.dim() == 4 ? -entropy_score(p) : entropy_score(p); };
}

ScoreFn margin_acquisition(const QueryOptions& options) {
  if (options.pixel_margin == PixelMargin::probabilities) return margin_score;
  return [](const at::Tensor& p) {
    if (p.dim() != 4) return margin_score(p);
    // The reference took the indices of the two best classes for their probabilities.
    const at::Tensor classes = std::get<1>(at::topk(p, 2, 1)).to(at::kDouble);
    return -at::cat({classes.select(1, 0), classes.select(1, 1)}, 1);
  };
}

}  // namespace al_mpi
