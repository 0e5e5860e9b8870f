#include <al_mpi/model/device.hpp>

#include <ATen/Context.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

std::string available_device(const std::string& wanted) {
  if (wanted == "auto") return at::hasCUDA() ? "cuda" : "cpu";
  bool is_cuda = false;
  try {
    is_cuda = c10::Device(wanted).is_cuda();
  } catch (const c10::Error&) {
    throw ConfigError("device",
                      fmt::format("'{}' is no device (known: auto, cpu, cuda, cuda:N)", wanted));
  }
  if (is_cuda && !at::hasCUDA()) {
    throw ConfigError("device",
                      fmt::format("'{}' is wanted, but LibTorch sees no GPU here", wanted));
  }
  return wanted;
}

std::string torch_version() {
  return TORCH_VERSION;
}

}  // namespace al_mpi
