#pragma once

#include <vector>

#include "analysis.hpp"

namespace al_mpi {

/// Every strategy at the baseline's final mean (where there is a baseline), then at each of
/// AnalysisOptions::targets.
std::vector<Saving> savings_of(const Panel& panel, const Analysis& all,
                               const PairedBootstrap& bootstrap);

}  // namespace al_mpi
