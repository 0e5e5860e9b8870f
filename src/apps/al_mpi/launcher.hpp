#pragma once

namespace al_mpi {

/// What started this process, as the environment tells before MPI_Init.
struct Launcher {
  bool mpi = false;  ///< mpirun, or srun with PMI: MPI_Init gives one world of all tasks
  int rank = 0;
};

/// Throws ConfigError where srun started several tasks that cannot find each other.
Launcher detect_launcher();

}  // namespace al_mpi
