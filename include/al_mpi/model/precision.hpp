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

/// The numbers that a convolution of x computes with under the scope in force: on the CPU bfloat16,
/// or x's own.
at::ScalarType autocast_type(const at::Tensor& x);

}  // namespace al_mpi
