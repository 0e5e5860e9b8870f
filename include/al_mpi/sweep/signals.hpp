#pragma once

namespace al_mpi {

/// SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU and SIGHUP (unless nohup has it ignored) ask the farm
/// to drain: whatever a batch system sends before it kills. Before MPI_Init: a signal during it
/// would kill the rank and hang its job.
void install_signal_handlers();

bool drain_signalled();
/// A second SIGINT or SIGTERM, a second or more after the first one: the user does not want to
/// wait. (Launchers send the same signal twice within a moment.)
bool leave_signalled();

}  // namespace al_mpi
