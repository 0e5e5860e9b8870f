#pragma once

#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// Tells LibTorch how this process computes on `device` from now on. On a GPU: the same bits each
/// time (deterministic algorithms, none chosen by timing), and products of float32 numbers rounded
/// to TF32 only where `precision` is tf32. Before the first product there: cuBLAS asks once. On
/// the CPU there is nothing to tell; throws ConfigError for tf32, which is a format of GPUs, that
/// names the setting `key`.
void set_numerics(Precision precision, const c10::Device& device,
                  const std::string& key = "training.precision");

/// While it lives, convolutions and matrix products run in bfloat16 where `precision` is bf16
/// (autocast), else in the numbers that they are given. Weights, BatchNorm statistics and losses
/// stay float32. Scopes may lie within others: the innermost counts.
class PrecisionScope {
 public:
  PrecisionScope(Precision precision, const c10::Device& device);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  c10::DeviceType device_;
  bool outer_;  ///< whether autocast was on before
};

/// The numbers that a convolution of x computes with under the scope in force: on the CPU bfloat16,
/// or x's own.
at::ScalarType autocast_type(const at::Tensor& x);

}  // namespace al_mpi
