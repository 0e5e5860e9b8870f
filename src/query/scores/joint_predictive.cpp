#include "joint_predictive.hpp"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

namespace al_mpi {
namespace {

constexpr std::int64_t slice_numbers = std::int64_t{1} << 21;  // float64, 16 MiB

}  // namespace

JointPredictive::JointPredictive(std::int64_t n_passes, std::int64_t max_configurations,
                                 RngStream rng)
    : max_configurations_(max_configurations),
      rng_(rng),
      log_joint_(at::zeros({1, n_passes}, at::kDouble)) {}

at::Tensor JointPredictive::gains(const at::Tensor& p) const {
  const std::int64_t m = log_joint_.size(0);
  const std::int64_t n_classes = p.size(2);
  const at::Tensor posterior = at::softmax(log_joint_, 1);  // p(t | y_B)
  // Drawn configurations weigh alike; enumerated ones by their probability.
  const at::Tensor weights = sampled_ ? at::full({m}, 1.0 / static_cast<double>(m), at::kDouble)
                                      : at::softmax(at::logsumexp(log_joint_, {1}), 0);
  const at::Tensor expected = -(p * p.log()).sum(2).mean(1);  // mean_t H(p_t)
  const std::int64_t slice = std::max<std::int64_t>(1, slice_numbers / (m * n_classes));
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < p.size(0); first += slice) {
    const at::Tensor some = p.narrow(0, first, std::min(slice, p.size(0) - first));
    const at::Tensor columns = some.transpose(0, 1).reshape({p.size(1), -1});  // [T, n C]
    const at::Tensor q = posterior.mm(columns);                                // p(y_i | y_B)
    const at::Tensor entropy = -(q * q.log()).view({m, some.size(0), n_classes}).sum(2);
    parts.push_back(weights.unsqueeze(0).mm(entropy).squeeze(0));
  }
  return (at::cat(parts) - expected).clamp_min(0.0);
}

void JointPredictive::add(const at::Tensor& p) {
  if (!sampled_) {
    batch_.push_back(p);
    if (log_joint_.size(0) * p.size(1) <= max_configurations_) {
      extend_exactly(p.log());
    } else {
      start_sampling();
    }
  } else {
    extend_by_draws(p);
  }
}

void JointPredictive::extend_exactly(const at::Tensor& log_p) {
  // [M, 1, T] + [1, C, T]
  const at::Tensor all = log_joint_.unsqueeze(1) + log_p.t().unsqueeze(0);
  log_joint_ = all.reshape({-1, log_p.size(0)});
}

void JointPredictive::start_sampling() {
  sampled_ = true;
  const std::int64_t n_passes = log_joint_.size(1);
  const std::int64_t draws = std::max<std::int64_t>(1, max_configurations_ / n_passes);
  log_joint_ = at::zeros({n_passes * draws, n_passes}, at::kDouble);
  for (const at::Tensor& p : batch_) extend_by_draws(p);
  batch_.clear();
}

void JointPredictive::extend_by_draws(const at::Tensor& p) {
  const std::int64_t n_passes = p.size(0);
  const std::int64_t n_classes = p.size(1);
  const at::Tensor cumulative = p.cumsum(1).contiguous();
  const double* values = cumulative.data_ptr<double>();
  std::vector<std::int64_t> labels(static_cast<std::size_t>(log_joint_.size(0)));
  for (std::size_t m = 0; m < labels.size(); ++m) {
    const double* row = values + static_cast<std::int64_t>(m) % n_passes * n_classes;
    const double target = rng_.uniform() * row[n_classes - 1];
    labels[m] = std::min(std::upper_bound(row, row + n_classes, target) - row, n_classes - 1);
  }
  log_joint_ = log_joint_ + p.log().t().index_select(0, at::tensor(labels));
}

}  // namespace al_mpi
