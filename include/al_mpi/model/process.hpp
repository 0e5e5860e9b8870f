#pragma once

namespace al_mpi {

/// Sets this process up for training: freed memory is kept (returning it to the system and faulting
/// it in again costs up to half of a training step on the CPU) and lies in huge pages, `threads`
/// intra-op threads, no inter-op pool, denormals flushed to zero. Programs call it once, before the
/// first tensor. Throws ConfigError if AL_MPI_KERNELS names no level of this processor.
void tune_process(int threads);

}  // namespace al_mpi
