#pragma once

#include <memory>

#include <al_mpi/farm/channel.hpp>
#include <al_mpi/farm/mpi/session.hpp>

namespace al_mpi {

/// Messages over MPI_COMM_WORLD, in pieces of at most 2 KB: those leave at once (eager), so that no
/// call here waits for the other side, not even for one that is dead. Messages of a rank to itself
/// stay in memory. No collective, no blocking call.
std::unique_ptr<Channel> make_mpi_channel(const MpiSession& session);

}  // namespace al_mpi
