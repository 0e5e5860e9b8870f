#pragma once

#include <any>
#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// A parameter is updated during the backward pass, as soon as its gradient is there and still in
/// the cache, in one pass over the memory where the library makes three; gradients are not kept. On
/// a GPU, are updated together after the backward pass.
class Sgd {
 public:
  Sgd(std::vector<at::Tensor> parameters, const TrainingOptions& options);
  /// `together` says which of the two ways, on any device.
  Sgd(std::vector<at::Tensor> parameters, const TrainingOptions& options, bool together);
  Sgd(const Sgd&) = delete;
  Sgd& operator=(const Sgd&) = delete;

  void set_learning_rate(double rate) { learning_rate_ = static_cast<float>(rate); }

  /// One step along the gradient of `loss`. Parameters that it does not depend on stay.
  void step(const at::Tensor& loss);

 private:
  struct Update;
  void update(std::size_t parameter);
  void update_together();

  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> velocity_;  ///< undefined before a parameter's first step
  /// The nodes at which gradients arrive; LibTorch 2.12 changed the pointer's type. A parameter
  /// does not keep its node and the hook on it alive.
  std::vector<std::any> arrivals_;
  float learning_rate_, momentum_, weight_decay_;
  bool together_;
};

}  // namespace al_mpi
