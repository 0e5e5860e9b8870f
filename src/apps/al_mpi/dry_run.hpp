#pragma once

#include <al_mpi/sweep/sweep.hpp>

namespace al_mpi {

/// --dry-run: what the sweep would do, without touching a file.
ExitCode dry_run(const SweepArguments& arguments);

}  // namespace al_mpi
