#include "linear_head.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>

namespace al_mpi {
namespace {

/// The largest eigenvalue of x^T x / n, from a few steps of the power method and a margin.
double curvature(const at::Tensor& x) {
  at::Tensor v = at::ones({x.size(1)}, x.options());
  double largest = 1.0;
  for (int step = 0; step < 10; ++step) {
    v = x.t().mv(x.mv(v)) / static_cast<double>(x.size(0));
    largest = v.norm().item<double>();
    v = v / largest;
  }
  return 1.2 * largest;
}

}  // namespace

Standard::Standard(const at::Tensor& rows) : mean_(rows.mean(0, true)) {
  const at::Tensor deviation = (rows - mean_).square().mean(0, true).sqrt();
  scale_ = deviation.reciprocal().masked_fill(deviation == 0.0, 0.0);
}

at::Tensor Standard::of(const at::Tensor& rows) const {
  const at::Tensor x = ((rows - mean_) * scale_).nan_to_num(0.0, 0.0, 0.0);
  return at::cat({x, at::ones({x.size(0), 1}, x.options())}, 1);
}

at::Tensor trained_head(const at::Tensor& x, const at::Tensor& labels, const at::Tensor& start,
                        const HeadTraining& training) {
  const at::Tensor wanted = at::one_hot(labels, start.size(1)).to(x.scalar_type());
  // The softmax's own curvature is at most 1/2.
  const double rate = 1.0 / (curvature(x) / 2.0 + 2.0 * training.ridge);
  at::Tensor weights = start;
  at::Tensor ahead = start;
  for (int step = 1; step <= training.most_steps; ++step) {
    const at::Tensor log_p = at::log_softmax(x.mm(ahead), 1);
    if (-(log_p * wanted).sum(1).mean().item<double>() <= training.enough) break;
    const at::Tensor gradient = x.t().mm(log_p.exp() - wanted) / static_cast<double>(x.size(0)) +
                                2.0 * training.ridge * ahead;
    const at::Tensor next = ahead - rate * gradient;
    ahead = next + (step - 1.0) / (step + 2.0) * (next - weights);
    weights = next;
  }
  return ahead;
}

}  // namespace al_mpi
