#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// The GPUs this process may use, as entries for CUDA_VISIBLE_DEVICES: those the variable names,
/// else one per /dev/nvidia<number>. Does not touch CUDA.
std::vector<std::string> visible_gpus();

/// Cores this process may use (its affinity mask, not the machine's number).
int usable_cores();

/// Which GPU each of a rank's workers gets: consecutive workers of a node share one where
/// `workers_per_gpu` > 1, and start over when the GPUs are used up. Empty strings without GPUs.
std::vector<std::string> assign_gpus(const std::vector<std::string>& gpus, int local_rank,
                                     int n_workers, int workers_per_gpu);

}  // namespace al_mpi
