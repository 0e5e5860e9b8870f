#include "run_sweep.hpp"

#include <cstdio>
#include <cstdlib>
#include <optional>

#include <unistd.h>

#include <al_mpi/base/log.hpp>
#include <al_mpi/farm/mpi/mpi_channel.hpp>
#include <al_mpi/sweep/signals.hpp>

namespace al_mpi {

ExitCode run_sweep(SweepArguments arguments, bool under_mpi, int& argc, char**& argv) {
  install_signal_handlers();
  std::optional<MpiSession> session;
  if (under_mpi) session.emplace(argc, argv);
  std::unique_ptr<Channel> channel =
      session ? make_mpi_channel(*session) : std::make_unique<LocalChannel>();
  start_logging(channel->rank() > 0 ? fmt::format("rank {}", channel->rank()) : "");
  RankPlace place;
  if (session) place = {session->local_rank(), true, [&] { session->abandon(); }};

  const bool recovering = std::getenv("AL_MPI_RECOVERY") != nullptr;  // see launch.cpp
  if (channel->rank() > 0) {
    const RankEnd end = follow_sweep(*channel, place);
    // Open MPI 5 ends the job, rank 0 too, when a rank leaves with another code than 0.
    if (recovering) ::_exit(0);
    if (end.lost_peer) ::_exit(static_cast<int>(end.code));
    return end.code;
  }
  arguments.mpi_library = MpiSession::library();
  RankEnd end = lead_sweep(*channel, place, arguments);
  while (end.wants_more && !session) {  // under MPI the same command, or launch, goes on
    channel = std::make_unique<LocalChannel>();
    end = lead_sweep(*channel, place, arguments);
  }
  if (end.lost_peer || recovering) {
    std::fflush(nullptr);
    ::_exit(static_cast<int>(end.code));
  }
  return end.code;
}

}  // namespace al_mpi
