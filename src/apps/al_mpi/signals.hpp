#pragma once

namespace al_mpi {

/// SIGTERM, SIGINT, SIGHUP and SIGUSR1 ask the farm to drain; SIGUSR2 and SIGPIPE are ignored.
/// Before MPI_Init: a signal during it would kill the rank and hang its job.
void install_signal_handlers();

bool drain_signalled();
/// A second SIGINT or SIGTERM, a second or more after the first one: the user does not want to
/// wait. (Launchers send the same signal twice within a moment.)
bool leave_signalled();

}  // namespace al_mpi
