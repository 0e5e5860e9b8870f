#pragma once

#include <string_view>

namespace al_mpi {

/// For tests of recovery: with AL_MPI_CRASH_AT=LABEL or LABEL:N in the environment, the N-th call
/// (default: the first) with that label in this process kills it by SIGKILL. Does nothing
/// otherwise. Labels: journal.before, journal.middle, journal.written, journal.synced (rank 0's
/// records); lock.begun; KIND.begun, KIND.written, KIND.renamed for files replaced as a whole, KIND
/// = extension of the file (h5: results, checkpoint); rows.added (al_prepare embed),
/// pretrain.checkpoint.
void crash_point(std::string_view label);

}  // namespace al_mpi
