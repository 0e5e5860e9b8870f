#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// The joint predictive distribution of a growing batch B over T sampled networks (MC-dropout
/// passes with shared masks), kept as label configurations y_B with their weights and, for each,
/// the posterior of the pass, p(t | y_B). The gain of a sample i is then the conditional mutual
/// information
///   a(B + i) - a(B) = E_y_B H(y_i | y_B) - mean_t H(p_t,i),
/// since the entropy of B itself cancels: nothing underflows, however large B is.
///
/// Exact while all C^|B| configurations are at most `max_configurations`; then a sample of about as
/// many, the same number from each pass, each extended by a draw of its own pass's label as B
/// grows. Reference: Kirsch, van Amersfoort & Gal, BatchBALD (NeurIPS 2019), equations 8-12.
class JointPredictive {
 public:
  JointPredictive(std::int64_t n_passes, std::int64_t max_configurations, RngStream rng);

  /// Gains [n] float64, >= 0, of samples p [n, T, C] float64 in [1e-12, 1].
  at::Tensor gains(const at::Tensor& p) const;
  /// Adds a sample p [T, C] to B.
  void add(const at::Tensor& p);

  bool exact() const { return !sampled_; }

 private:
  void extend_exactly(const at::Tensor& log_p);
  void extend_by_draws(const at::Tensor& p);
  void start_sampling();

  std::int64_t max_configurations_;
  RngStream rng_;
  bool sampled_ = false;
  std::vector<at::Tensor> batch_;  // p [T, C] of B, until sampling starts
  at::Tensor log_joint_;           // [M, T] float64: ln p_t(y_B) of configuration m
};

}  // namespace al_mpi
