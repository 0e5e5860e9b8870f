#pragma once

#include <cstdint>
#include <vector>

#include <al_mpi/farm/scheduler.hpp>

namespace al_mpi {

struct SimulationOptions {
  int n_workers = 1;
  /// Standard deviation of the logarithm of durations within a group.
  double spread = 0.15;
  std::int64_t seed = 1;
};

struct Simulation {
  double makespan = 0.0;     ///< in units of prior cost
  double bound = 0.0;        ///< no schedule is shorter: max(sum / workers, longest trial)
  double busy_share = 0.0;   ///< of the workers' time
  double cpu_seconds = 0.0;  ///< of this process, for the whole simulation
};

/// Runs the real scheduler in virtual time: each trial takes its prior cost times a random factor
/// of median 1, which the scheduler does not know. O(trials x log workers).
Simulation simulate(const std::vector<PlannedTrial>& trials, const SimulationOptions& options);

}  // namespace al_mpi
