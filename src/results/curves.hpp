#pragma once

#include <string>
#include <vector>

#include "sorted_rounds.hpp"
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// /curves/METRIC [strategy, init, seed, round], NaN where missing, with dimension scales. Times
/// are left out: two runs of a sweep have the same curves, byte for byte.
void write_curves(Hdf5File& file, const std::vector<TrialRecord>& trials,
                  const SortedRounds& rounds);

}  // namespace al_mpi
