#pragma once

#include <vector>

#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/results/reader.hpp>

namespace al_mpi {

/// Adaptive replication: `grid` with more seeds in each cell (settings, initial set, strategy)
/// whose trials have all ended and whose 95 % interval of the mean final value (accuracy; mean IoU
/// for segmentation) is wider than plus or minus sweep.target_ci. As many are added as the present
/// spread asks for, at most as many again as there are, up to sweep.max_seeds; they count on from
/// the largest of sweep.seeds, so that cells share seeds. A function of the configuration and of
/// the results of the seeds in the grid alone: whoever asks again gets the same.
std::vector<TrialSpec> replicated_grid(const SweepConfig& config, std::vector<TrialSpec> grid,
                                       const ResultsTables& results);

/// The same with what the results file holds, if there is one; `grid` where sweep.target_ci is 0.
std::vector<TrialSpec> replicated_grid(const SweepConfig& config,
                                       const std::vector<TrialSpec>& grid);

/// Trials of that grid that have not ended; 0 where sweep.target_ci is 0.
std::size_t n_replications_left(const SweepConfig& config);

}  // namespace al_mpi
