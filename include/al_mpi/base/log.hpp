#pragma once

#include <string>

#include <spdlog/spdlog.h>

namespace al_mpi {

/// Sends spdlog's messages to standard error as "HH:MM:SS who level text"; standard output belongs
/// to results. `who` is "rank 3", "trial" or empty. Level from AL_MPI_LOG (debug, info, warn,
/// error), else info.
void start_logging(const std::string& who = "");

}  // namespace al_mpi
