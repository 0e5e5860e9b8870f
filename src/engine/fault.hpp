#pragma once

#include <string>

namespace al_mpi {

/// Fault injection for tests, off unless AL_MPI_FAULT is set: "KIND@ROUND[:KEY]" with KIND one of
/// crash (SIGSEGV), kill (SIGKILL), hang (no sign of life any more), leak (memory until the limit),
/// error (an exception), nan (training diverges). KEY restricts it to trials whose key contains it;
/// AL_MPI_FAULT_ATTEMPTS (default 1) is the last attempt that is hit.
void inject_fault(const std::string& key, int round, int attempt);

}  // namespace al_mpi
