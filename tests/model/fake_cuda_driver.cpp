// Stands in for NVIDIA's driver, libcuda.so.1: two GPUs, or none that works where FAKE_CUDA_DRIVER
// is "broken".

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr int no_device = 100, invalid_device = 101;

}  // namespace

extern "C" {

int cuInit(unsigned) {
  return std::getenv("FAKE_CUDA_DRIVER") != nullptr ? no_device : 0;
}

int cuGetErrorString(int error, const char** text) {
  *text = error == no_device ? "no CUDA-capable device is detected" : "another error";
  return 0;
}

int cuDeviceGet(int* device, int index) {
  *device = 40 + index;  // a handle is no index
  return index < 2 ? 0 : invalid_device;
}

int cuDeviceGetName(char* name, int size, int device) {
  std::snprintf(name, static_cast<std::size_t>(size), "Fake %d", device);
  return 0;
}

int cuDeviceGetUuid_v2(unsigned char* bytes, int device) {
  for (int i = 0; i < 16; ++i) bytes[i] = static_cast<unsigned char>(device + i);
  return 0;
}

int cuDriverGetVersion(int* version) {
  *version = 13020;
  return 0;
}

int cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
  *free = 3000;
  *total = 4000;
  return 0;
}
}
