#include <al_mpi/model/device.hpp>

#include <algorithm>

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include "device_of.hpp"
#include <al_mpi/base/device_kind.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/cuda_driver.hpp>

namespace al_mpi {

namespace {

c10::Device parsed(const std::string& name) {
  try {
    const c10::Device device(name);
    if (device.is_cpu() || device.is_cuda()) return device;
  } catch (const c10::Error&) {
  }
  throw ConfigError("device",
                    fmt::format("'{}' is no device (known: auto, cpu, cuda, cuda:N)", name));
}

}  // namespace

c10::Device device_of(const std::string& name) {
  const c10::Device device = parsed(name);
  if (device.is_cpu()) return device;
  if (!at::hasCUDA()) {
    throw ConfigError("device", fmt::format("'{}' is wanted, but LibTorch sees no GPU here ({})",
                                            name, why_no_gpu()));
  }
  const int n_gpus = at::detail::getCUDAHooks().getNumGPUs();
  if (device.index() >= n_gpus) {
    throw ConfigError(
        "device",
        fmt::format("'{}' is wanted, but LibTorch sees {} here (cuda:0 to "
                    "cuda:{})",
                    name, n_gpus == 1 ? "1 GPU" : fmt::format("{} GPUs", n_gpus), n_gpus - 1));
  }
  return device;
}

std::string available_device(const std::string& wanted) {
  if (wanted == name_of(DeviceKind::auto_)) return at::hasCUDA() ? "cuda" : "cpu";
  device_of(wanted);
  return wanted;
}

std::string device_description(const std::string& device) {
  const c10::Device which = device_of(device);
  if (!which.is_cuda()) return device;
  const auto& cuda = at::detail::getCUDAHooks();
  const CudaDriver driver;
  const std::string cudnn =
      cuda.hasCuDNN() ? ", cuDNN " + cudnn_version_text(cuda.versionCuDNN()) : "";
  return fmt::format("cuda:{}, CUDA {}{}, driver {}", driver.gpu(std::max<int>(which.index(), 0)),
                     cuda_version_text(cuda.versionCUDART()), cudnn, driver.version());
}

std::vector<std::string> gpu_names() {
  std::vector<std::string> names;
  if (!at::hasCUDA()) return names;
  const CudaDriver driver;
  for (int i = 0; i < at::detail::getCUDAHooks().getNumGPUs(); ++i) names.push_back(driver.gpu(i));
  return names;
}

std::string why_no_gpu() {
  const auto& cuda = at::detail::getCUDAHooks();
  if (!cuda.hasCUDART()) return fmt::format("LibTorch {} is built without CUDA", torch_version());
  const CudaDriver driver;
  if (!driver.problem().empty()) return driver.problem();
  return fmt::format("LibTorch {} for CUDA {} cannot use the driver {}", torch_version(),
                     cuda_version_text(cuda.versionCUDART()), driver.version());
}

std::string torch_version() {
  return TORCH_VERSION;
}

}  // namespace al_mpi
