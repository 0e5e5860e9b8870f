#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// Stochastic gradient descent with momentum and weight decay, equal to torch::optim::SGD, in one
/// pass over the memory (on the CPU), where the library makes three.
class Sgd {
 public:
  Sgd(std::vector<at::Tensor> parameters, const TrainingOptions& options);

  void set_learning_rate(double rate) { learning_rate_ = static_cast<float>(rate); }

  /// Updates the parameters from their gradients, then drops the gradients. Parameters without one
  /// stay.
  void step();

 private:
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> velocity_;  ///< undefined before a parameter's first step
  float learning_rate_, momentum_, weight_decay_;
};

}  // namespace al_mpi
