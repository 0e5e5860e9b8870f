#include <al_mpi/model/gpu_memory.hpp>

#include <algorithm>
#include <limits>

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>

#ifdef AL_MPI_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

/// What this process has claimed; one engine is one process.
double claimed_share = gpu_share(1);
bool images_on_host = false;

void limit_allocator([[maybe_unused]] c10::Device device, [[maybe_unused]] double share) {
#ifdef AL_MPI_CUDA
  c10::cuda::CUDACachingAllocator::setMemoryFraction(share,
                                                     std::max<c10::DeviceIndex>(device.index(), 0));
#endif
}

void empty_cache() {
#ifdef AL_MPI_CUDA
  c10::cuda::CUDACachingAllocator::emptyCache();
#endif
}

}  // namespace

double gpu_share(std::int64_t processes) {
  return 0.95 / static_cast<double>(std::max<std::int64_t>(processes, 1));
}

std::int64_t room_for_images(const GpuMemory& memory, double share) {
  const auto own = static_cast<std::int64_t>(share * static_cast<double>(memory.total));
  return std::max<std::int64_t>(0, std::min(own, memory.free) - std::max(gib, own / 4));
}

std::int64_t room_for_images(c10::Device device) {
  if (images_on_host) return 0;
  if (!device.is_cuda()) return std::numeric_limits<std::int64_t>::max();
  empty_cache();  // what an earlier trial left is free
  return room_for_images(CudaDriver().memory(), claimed_share);
}

at::Tensor kept_on_device(const std::string& split, std::int64_t bytes, std::int64_t& room,
                          const std::function<at::Tensor()>& copy) {
  if (bytes > room) {
    spdlog::info("the images of {} stay in the host's memory: {} MiB, the GPU has room for {}",
                 split, bytes >> 20, room >> 20);
    return {};
  }
  try {
    const at::Tensor images = copy();
    room -= bytes;
    return images;
  } catch (const c10::OutOfMemoryError& error) {
    room = 0;
    spdlog::warn("the images of {} stay in the host's memory: {}", split,
                 error.what_without_backtrace());
    return {};
  }
}

void claim_gpu(const std::string& name, std::int64_t processes) {
  const c10::Device device(name);
  if (!device.is_cuda()) return;
  claimed_share = gpu_share(processes);
  try {
    limit_allocator(device, claimed_share);
    try_device(device);
  } catch (const c10::Error& error) {
    throw Error(ExitCode::internal,
                fmt::format("the GPU cannot be used (is it busy with something else?): {}",
                            error.what_without_backtrace()));
  }
}

void try_device(c10::Device device) {
  const at::Tensor image = at::arange(64, at::kFloat).view({1, 1, 8, 8});
  const at::Tensor kernel = at::arange(9, at::kFloat).view({1, 1, 3, 3});
  const at::Tensor there = at::conv2d(image.to(device), kernel.to(device)).cpu();
  if (!at::allclose(there, at::conv2d(image, kernel), /*rtol=*/1e-2)) {  // TF32 rounds to 1e-3
    throw Error(ExitCode::internal, "the GPU cannot be used: a convolution on it is wrong");
  }
}

bool is_out_of_gpu_memory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string text = error.what_without_backtrace();
  for (const char* words :
       {"CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"}) {
    if (text.find(words) != std::string::npos) return true;
  }
  return false;
}

std::string out_of_gpu_memory_message(const c10::Error& error) {
  // "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; ...": what follows differs by version.
  const std::string text = error.what_without_backtrace();
  const std::size_t end = std::min({text.find('\n'), text.find(" (GPU"), text.find(". GPU")});
  return fmt::format(
      "out of GPU memory ({}): set farm.workers_per_gpu, training.batch_size or "
      "training.prediction_batch lower",
      text.substr(0, end));
}

bool gpu_memory_is_spared() {
  return images_on_host;
}

void spare_gpu_memory() {
  images_on_host = true;
  empty_cache();
}

}  // namespace al_mpi
