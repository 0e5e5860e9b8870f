#include "gaussian_mixture.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/tensor.h>

namespace al_mpi {
namespace {

struct Components {
  at::Tensor weights;    // [k]
  at::Tensor means;      // [k, d]
  at::Tensor variances;  // [k, d]
};

Components maximise(const at::Tensor& points, const at::Tensor& responsibility, double floor) {
  const at::Tensor sizes = responsibility.sum(0).clamp_min(1e-10);
  const at::Tensor means = responsibility.t().mm(points) / sizes.unsqueeze(1);
  const at::Tensor squares = responsibility.t().mm(points * points) / sizes.unsqueeze(1);
  return {sizes / sizes.sum(), means, (squares - means * means).clamp_min(0.0) + floor};
}

at::Tensor log_densities(const at::Tensor& points, const Components& c) {
  const at::Tensor precision = c.variances.reciprocal();
  const at::Tensor mahalanobis = (points * points).mm(precision.t()) -
                                 2.0 * points.mm((c.means * precision).t()) +
                                 (c.means * c.means * precision).sum(1);
  const at::Tensor log_determinant = c.variances.log().sum(1);
  const double constant = static_cast<double>(points.size(1)) * std::log(2.0 * M_PI);
  return c.weights.log() - 0.5 * (mahalanobis + log_determinant + constant);
}

}  // namespace

at::Tensor principal_components(const at::Tensor& points, std::int64_t axes, RngStream& rng) {
  const at::Tensor centered = points - points.mean(0);
  const std::int64_t d = centered.size(1);
  if (d <= axes) return centered.to(at::kDouble);
  at::Tensor basis = at::empty({d, std::min(d, axes + 8)}, centered.options());
  float* values = basis.data_ptr<float>();
  std::generate(values, values + basis.numel(), [&] { return static_cast<float>(rng.normal()); });
  for (int power = 0; power < 4; ++power) {
    basis = std::get<0>(at::linalg_qr(centered.t().mm(centered.mm(basis))));
  }
  const at::Tensor projected = centered.mm(basis).to(at::kDouble);
  // The subspace's own axes, by the eigenvectors of its small covariance; largest last.
  const at::Tensor vectors = std::get<1>(at::linalg_eigh(projected.t().mm(projected)));
  return projected.mm(vectors.narrow(1, vectors.size(1) - axes, axes));
}

GaussianMixture gaussian_mixture(const at::Tensor& points, const KMeansOptions& start,
                                 RngStream& rng) {
  const double floor = 1e-6 * std::max(1e-12, points.var(0, false).mean().item<double>());
  const KMeans seeds = kmeans(points.to(at::kFloat), start, rng);
  at::Tensor responsibility = at::one_hot(at::tensor(seeds.cluster), start.k).to(at::kDouble);
  GaussianMixture result;
  for (int step = 0; step < 100; ++step) {
    result.log_density = log_densities(points, maximise(points, responsibility, floor));
    const at::Tensor total = at::logsumexp(result.log_density, {1}, true);
    const double before = result.log_likelihood;
    result.log_likelihood = total.mean().item<double>();
    if (step > 0 && result.log_likelihood - before < 1e-3) break;
    responsibility = (result.log_density - total).exp();
  }
  return result;
}

}  // namespace al_mpi
