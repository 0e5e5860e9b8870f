#pragma once

#include <vector>

#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/farm/scheduler.hpp>
#include <al_mpi/results/store.hpp>

namespace al_mpi {

/// Which trials a sweep wants, as the scheduler sees them; index = TrialSpec::trial.
struct SweepPlan {
  std::vector<PlannedTrial> trials;
  std::vector<int> n_rounds;  ///< [trials] records of a whole trial
};

/// The grid of `config`, as if nothing of it were done.
SweepPlan plan_grid(const SweepConfig& config, const std::vector<TrialSpec>& grid);

/// The same with what `store` holds of it, by its numbers: states, failures, rounds done. Trials of
/// an earlier, larger grid are not wanted.
SweepPlan plan_sweep(const SweepConfig& config, const std::vector<TrialSpec>& grid,
                     const ResultsStore& store);

}  // namespace al_mpi
