#pragma once

#include <al_mpi/sweep/sweep.hpp>

namespace al_mpi {

/// Runs the sweep on every rank of this job and returns the same code on all of them.
/// Only rank 0 reads the configuration and reports errors (throws). After the loss of a rank it
/// does not return: the process leaves at once, since MPI_Finalize might wait for the dead.
ExitCode run_sweep(SweepArguments arguments, bool under_mpi, int& argc, char**& argv);

}  // namespace al_mpi
