#include <al_mpi/model/device.hpp>

#include <algorithm>

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/model/cuda_driver.hpp>

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
    throw ConfigError("device", fmt::format("'{}' is wanted, but LibTorch sees no GPU here ({})",
                                            wanted, why_no_gpu()));
  }
  return wanted;
}

std::string device_description(const std::string& device) {
  const c10::Device which(device);
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
