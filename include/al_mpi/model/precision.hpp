#pragma once

#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

namespace al_mpi {

/// While it lives, convolutions and matrix products run in bfloat16 where `precision` is "bf16"
/// (autocast); with "fp32" it does nothing. Weights, BatchNorm statistics and losses stay float32.
class PrecisionScope {
 public:
  PrecisionScope(const std::string& precision, const c10::Device& device);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  bool active_;
  c10::DeviceType device_;
};

/// x as a convolution on the CPU would see it under the scope in force: bfloat16 or as it is.
at::Tensor autocast_on_cpu(const at::Tensor& x);

}  // namespace al_mpi
