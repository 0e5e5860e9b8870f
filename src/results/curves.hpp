#pragma once

#include <string>
#include <vector>

#include "sorted_rounds.hpp"
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// A trial's own settings as text, "loop.n_init=10;"; empty without.
std::string settings_text(const TrialSpec& spec);

/// /curves/METRIC [strategy, init, seed, round], NaN where missing, with dimension scales. Times
/// are left out: two runs of a sweep have the same curves, byte for byte.
void write_curves(Hdf5File& file, const std::vector<TrialRecord>& trials,
                  const SortedRounds& rounds);

}  // namespace al_mpi
