#pragma once

#include <vector>

#include "analysis.hpp"

namespace al_mpi {

/// The savings of every strategy: those at the baseline's final mean (where there is a baseline),
/// then those at each of AnalysisOptions::targets.
std::vector<Saving> savings_of(const Panel& panel, const Analysis& all,
                               const PairedBootstrap& bootstrap);

}  // namespace al_mpi
