#pragma once

namespace al_mpi {

/// Asks the kernel to kill this process when its parent ends, and leaves at once if the parent that
/// AL_MPI_PARENT names is gone already. Without that variable (started by hand) it does nothing.
/// Called by a child at its start, from its main thread.
void die_with_parent();

}  // namespace al_mpi
