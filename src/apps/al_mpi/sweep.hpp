#pragma once

#include <string>
#include <vector>

#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/results/store.hpp>

namespace al_mpi {

struct SweepArguments {
  std::string config;
  std::vector<std::string> overrides;
  int workers = 0;  ///< children a rank; 0: as the configuration says
  bool retry_failed = false;
  bool tells_what_next = true;  ///< as the last line
};

/// Runs the sweep on every rank of this job and returns the same code on all of them.
/// Only rank 0 reads the configuration and reports errors (throws). After the loss of a rank it
/// does not return: the process leaves at once, since MPI_Finalize might wait for the dead.
ExitCode run_sweep(const SweepArguments& arguments, bool under_mpi, int& argc, char**& argv);

/// The configuration with the command line applied, checked against the dataset and the settings of
/// a results file that is there already; what that file is about. Shared with --dry-run and launch.
struct Sweep {
  SweepConfig config;
  std::vector<TrialSpec> grid;
  Provenance provenance;
};
Sweep prepare_sweep(const SweepArguments& arguments);

/// The GPUs of this process for farm.device, as entries for CUDA_VISIBLE_DEVICES.
std::vector<std::string> gpus_of(const FarmOptions& farm);

}  // namespace al_mpi
