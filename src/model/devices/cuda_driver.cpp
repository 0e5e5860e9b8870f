#include <al_mpi/model/cuda_driver.hpp>

#include <array>
#include <cstddef>
#include <fstream>

#include <dlfcn.h>
#include <fmt/format.h>

namespace al_mpi {
namespace {

constexpr int no_such_function = 500;  // CUDA_ERROR_NOT_FOUND

/// As nvidia-smi writes it. A partition of a GPU (MIG) has a UUID of its own.
std::string uuid_text(const std::array<unsigned char, 16>& bytes) {
  std::string text = "GPU-";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

}  // namespace

/// The functions' types are those of cuda.h: integers and pointers, the same since CUDA 9.
template <class... Arguments>
int CudaDriver::call(const char* function, Arguments... arguments) const {
  void* address = library_ != nullptr ? ::dlsym(library_, function) : nullptr;
  if (address == nullptr) return no_such_function;
  return reinterpret_cast<int (*)(Arguments...)>(address)(arguments...);
}

std::string CudaDriver::words(int error) const {
  const char* text = nullptr;
  call("cuGetErrorString", error, &text);
  return text != nullptr ? text : fmt::format("error {}", error);
}

CudaDriver::CudaDriver(const char* library) : library_(::dlopen(library, RTLD_NOW)) {
  if (library_ == nullptr) {
    problem_ = fmt::format("there is no NVIDIA driver: {}", ::dlerror());
    return;
  }
  if (const int error = call("cuInit", 0U); error != 0)
    problem_ = fmt::format("NVIDIA's driver says: {}", words(error));
}

std::string CudaDriver::gpu(int index) const {
  int device = 0;
  std::array<char, 256> name{};
  std::array<unsigned char, 16> uuid{};
  if (call("cuDeviceGet", &device, index) != 0 ||
      call("cuDeviceGetName", name.data(), static_cast<int>(name.size()) - 1, device) != 0) {
    return "GPU " + std::to_string(index);
  }
  const bool known = call("cuDeviceGetUuid_v2", uuid.data(), device) == 0 ||
                     call("cuDeviceGetUuid", uuid.data(), device) == 0;
  return known ? fmt::format("{} ({})", name.data(), uuid_text(uuid)) : name.data();
}

std::string CudaDriver::version() const {
  std::string text;
  if (std::ifstream("/sys/module/nvidia/version") >> text) return text;
  int number = 0;
  if (call("cuDriverGetVersion", &number) != 0) return "unknown";
  return "for CUDA " + cuda_version_text(number);
}

GpuMemory CudaDriver::memory() const {
  std::size_t free = 0, total = 0;
  if (call("cuMemGetInfo_v2", &free, &total) != 0) return {};
  return {static_cast<std::int64_t>(total), static_cast<std::int64_t>(free)};
}

std::string cuda_version_text(std::int64_t number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

std::string cudnn_version_text(std::int64_t number) {
  const std::int64_t major = number < 10000 ? 1000 : 10000;  // from version 9 on
  return fmt::format("{}.{}.{}", number / major, number % major / 100, number % 100);
}

}  // namespace al_mpi
