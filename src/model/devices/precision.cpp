#include "precision.hpp"

#include <cstdlib>

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/version.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

#define AL_TORCH_FROM(major, minor) \
  (TORCH_VERSION_MAJOR > major || (TORCH_VERSION_MAJOR == major && TORCH_VERSION_MINOR >= minor))

// LibTorch 2.4 made one function of the two that there were.
void set_autocast(c10::DeviceType device, bool on) {
#if AL_TORCH_FROM(2, 4)
  at::autocast::set_autocast_enabled(device, on);
  at::autocast::set_autocast_dtype(device, at::kBFloat16);
#else
  if (device == c10::DeviceType::CUDA) {
    at::autocast::set_enabled(on);
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  } else {
    at::autocast::set_cpu_enabled(on);
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  }
#endif
}

bool has_autocast(c10::DeviceType device) {
#if AL_TORCH_FROM(2, 4)
  return at::autocast::is_autocast_enabled(device);
#else
  return device == c10::DeviceType::CUDA ? at::autocast::is_enabled()
                                         : at::autocast::is_cpu_enabled();
#endif
}

}  // namespace

at::ScalarType autocast_type(const at::Tensor& x) {
  const bool rounded =
      x.is_cpu() && x.scalar_type() == at::kFloat && has_autocast(c10::DeviceType::CPU);
  return rounded ? at::kBFloat16 : x.scalar_type();
}

void set_numerics(Precision precision, const c10::Device& device, const std::string& key) {
  if (!device.is_cuda()) {
    if (precision != Precision::tf32) return;
    throw ConfigError(key, fmt::format("tf32 is a format of GPUs, the device is '{}' (use fp32 or "
                                       "bf16)",
                                       device.str()));
  }
  // A product needs memory of its own, or its bits depend on what runs beside it.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::Context& context = at::globalContext();
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
#if AL_TORCH_FROM(2, 2)
  context.setDeterministicFillUninitializedMemory(false);  // memory is written before it is read
#endif
  context.setAllowTF32CuDNN(precision == Precision::tf32);
  context.setAllowTF32CuBLAS(precision == Precision::tf32);
  torch::jit::setTensorExprFuserEnabled(false);  // it computes other numbers after some calls
}

PrecisionScope::PrecisionScope(Precision precision, const c10::Device& device)
    : device_(device.type()), outer_(has_autocast(device_)) {
  set_autocast(device_, precision == Precision::bf16);
}

PrecisionScope::~PrecisionScope() {
  set_autocast(device_, outer_);
  // The cache holds bfloat16 copies of weights that the next step changes.
  if (!outer_) at::autocast::clear_cache();
}

}  // namespace al_mpi
