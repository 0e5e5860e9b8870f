#pragma once

#include <functional>
#include <limits>
#include <memory>

#include "coordinator.hpp"
#include <al_mpi/farm/channel.hpp>
#include <al_mpi/farm/supervisor.hpp>
#include <al_mpi/sweep/sweep.hpp>

namespace al_mpi {

struct RankOptions {
  int default_workers = 1;      ///< what this rank thinks right for its node
  double rank_0_silence = 120;  ///< seconds without an answer before this rank gives up
  double job_end = std::numeric_limits<double>::infinity();  ///< seconds since 1970
  /// Seconds before the job's end at which rank 0 drains; it waits as long for running trials.
  double drain_margin = 120;
  /// Makes this rank's supervisor as its Configure says.
  std::function<std::unique_ptr<Supervisor>(const message::Configure&)> make_supervisor;
};

/// The life of a rank, from its hello to the leave it is told. `coordinator` is rank 0's, else
/// null.
RankEnd run_rank(Channel& channel, Coordinator* coordinator, const RankOptions& options);

/// Rank 0, instead of a sweep: tells every rank to leave with `code`.
void turn_away(Channel& channel, ExitCode code);

/// Rank 0, while the sweep cannot begin yet: tells every rank that it lives.
void reassure(Channel& channel);

double steady_seconds();

}  // namespace al_mpi
