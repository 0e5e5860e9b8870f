#pragma once

#include <string>
#include <vector>

#include <al_mpi/config/sweep_config.hpp>

namespace al_mpi {

/// The command of the engine: farm.engine, else al_trial beside al_mpi, or what AL_MPI_ENGINE names
/// (in tests).
std::vector<std::string> engine_command(const FarmOptions& farm);

/// The GPUs of this process for farm.device, as entries for CUDA_VISIBLE_DEVICES.
std::vector<std::string> gpus_of(const FarmOptions& farm);

/// Turns `auto` into one kind of device for a whole sweep, since numbers differ between kinds: what
/// rank 0 can use. Under an own engine it stays `auto`: the engine decides.
void settle_device(FarmOptions& farm);

/// Workers of a process that is alone on its machine: one a GPU, else one a core.
int workers_alone(const FarmOptions& farm);

}  // namespace al_mpi
