#include <ATen/autocast_mode.h>
#include <torch/version.h>

#include <al_mpi/model/precision.hpp>

namespace al_mpi {
namespace {

// LibTorch 2.4 made one function of the two that there were.
void set_autocast(c10::DeviceType device, bool on) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
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

// Whether the scope is on for tensors of the CPU.
bool cpu_autocast() {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  return at::autocast::is_autocast_enabled(c10::DeviceType::CPU);
#else
  return at::autocast::is_cpu_enabled();
#endif
}

}  // namespace

at::ScalarType autocast_type(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && cpu_autocast() ? at::kBFloat16
                                                                       : x.scalar_type();
}

PrecisionScope::PrecisionScope(const std::string& precision, const c10::Device& device)
    : active_(precision == "bf16"), device_(device.type()) {
  if (active_) set_autocast(device_, true);
}

PrecisionScope::~PrecisionScope() {
  if (!active_) return;
  set_autocast(device_, false);
  at::autocast::clear_cache();  // it holds bfloat16 copies of weights that the next step changes
}

}  // namespace al_mpi
