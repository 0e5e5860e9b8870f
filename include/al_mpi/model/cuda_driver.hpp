#pragma once

#include <cstdint>
#include <string>

namespace al_mpi {

/// A GPU's memory, in bytes.
struct GpuMemory {
  std::int64_t total = 0;
  std::int64_t free = 0;
};

/// NVIDIA's driver, loaded at run time: it tells of the GPUs what LibTorch does not, in the same
/// way whatever LibTorch was built for, and whether that knows CUDA or not. GPUs are numbered as
/// CUDA_VISIBLE_DEVICES lists them.
class CudaDriver {
 public:
  /// Another `library` stands in for the driver in tests.
  explicit CudaDriver(const char* library = "libcuda.so.1");

  /// Why there is no GPU to use, in words; empty where there is one.
  const std::string& problem() const { return problem_; }
  std::string gpu(int index) const;  ///< "NVIDIA H100 80GB HBM3 (GPU-8f2c0a1e-...)"
  std::string version() const;       ///< "580.65.06"; the CUDA it is made for where that is hidden
  /// Of the GPU that this thread computes on, which it must have done before. Zeros where the
  /// driver does not know.
  GpuMemory memory() const;

 private:
  template <class... Arguments>
  int call(const char* function, Arguments... arguments) const;
  std::string words(int error) const;

  void* library_ = nullptr;  ///< stays loaded until the process ends
  std::string problem_;
};

/// "13.0" for 13000, as CUDA numbers its versions.
std::string cuda_version_text(std::int64_t number);
/// "9.10.2" for 91002, "8.5.0" for 8500, as cuDNN numbers its versions.
std::string cudnn_version_text(std::int64_t number);

}  // namespace al_mpi
