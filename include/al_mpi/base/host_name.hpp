#pragma once

#include <string>

namespace al_mpi {

/// What this machine is called; AL_MPI_HOST where it is set: tests play several hosts on one.
std::string host_name();

}  // namespace al_mpi
