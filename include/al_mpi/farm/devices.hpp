#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// The sign that this process may use GPUs: "CUDA_VISIBLE_DEVICES=0,1" or "/dev/nvidia0". Empty
/// where there is none, and so no GPU. Does not touch CUDA.
std::string promised_gpus();

/// The GPUs of this process that the engine can use, as entries for CUDA_VISIBLE_DEVICES.
struct UsableGpus {
  std::vector<std::string> entries;
  std::string why_none;  ///< where GPUs are promised and the engine can use none
};

/// Asks the engine, by `engine` --devices, where GPUs are promised: it may be built without CUDA,
/// and the driver may be broken. Throws FarmError where it does not answer.
UsableGpus usable_gpus(const std::string& engine);

/// The first `n` GPUs as CUDA numbers them: entries of CUDA_VISIBLE_DEVICES where it is set, else
/// "0", "1", ...
std::vector<std::string> gpu_entries(std::size_t n);

/// Cores this process may use (its affinity mask, not the machine's number).
int usable_cores();

/// Which GPU each of a rank's workers gets: consecutive workers of a node get one GPU after the
/// other, and start over when the GPUs are used up: no GPU is idle while another is shared. Empty
/// strings without GPUs.
std::vector<std::string> assign_gpus(const std::vector<std::string>& gpus, int local_rank,
                                     int n_workers);

}  // namespace al_mpi
