#pragma once

namespace al_mpi {

/// This process's number among those that the launcher started, 0 where it is alone.
int started_as_rank();

/// Whether MPI_Init would give one world of all tasks: started by mpirun, or by srun with PMI.
/// Throws ConfigError where srun started several tasks that cannot find each other.
bool started_by_mpi();

}  // namespace al_mpi
