#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// The device to compute on: "auto" is cuda where LibTorch sees a GPU, else cpu. Throws ConfigError
/// for an unknown one, and for cuda where there is none, with the reason.
std::string available_device(const std::string& wanted);

/// What computes on an available device, for the record: "cpu", or "cuda:NVIDIA H100 80GB HBM3
/// (GPU-8f2c0a1e-...), CUDA 13.0, cuDNN 9.10.2, driver 580.65.06".
std::string device_description(const std::string& device);

std::vector<std::string> gpu_names();  ///< of those that LibTorch can use, "NAME (UUID)"
std::string why_no_gpu();              ///< where it can use none

std::string torch_version();  ///< of the LibTorch that runs, e.g. "1.13.1"

}  // namespace al_mpi
