#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>

#include <al_mpi/model/cuda_driver.hpp>

namespace al_mpi {

/// The share of a GPU's memory that each of so many processes may take: 95 % of it together, the
/// rest is the driver's.
double gpu_share(std::int64_t processes);

/// Bytes of images that may stay on a GPU beside the network that a process trains there: what is
/// free of its share, less a quarter of the share or 1 GiB for activations, whichever is more.
std::int64_t room_for_images(const GpuMemory& memory, double share);

/// The same for this process, on a GPU that it has claimed, and unlimited where `device` is the
/// CPU; 0 after spare_gpu_memory().
std::int64_t room_for_images(c10::Device device);

/// What `copy` returns where `bytes` fit into `room`, which is lessened by them. Undefined where
/// they do not fit, or where the copy finds less room than `room` says, since others share the GPU.
/// `split` is named in what is logged.
at::Tensor kept_on_device(const std::string& split, std::int64_t bytes, std::int64_t& room,
                          const std::function<at::Tensor()>& copy);

/// Takes a GPU for this process, one of `processes` that share it, and tries it: a busy or broken
/// one is found before any trial begins. Throws Error with what LibTorch says. Nothing happens
/// where `device` is the CPU.
void claim_gpu(const std::string& device, std::int64_t processes);

/// Allocates on the device, computes a convolution there and compares it with the CPU's. Throws
/// Error.
void try_device(c10::Device device);

/// Whether LibTorch says that a GPU has no room: OutOfMemoryError, or cuBLAS and cuDNN, which have
/// words of their own.
bool is_out_of_gpu_memory(const c10::Error& error);

/// "out of GPU memory: tried to allocate 2.00 GiB; ...", with the settings that help.
std::string out_of_gpu_memory_message(const c10::Error& error);

/// Gives back what LibTorch keeps of the GPU's memory without using it, and has images stay in the
/// host's memory from now on.
void spare_gpu_memory();
bool gpu_memory_is_spared();

}  // namespace al_mpi
