#pragma once

#include <cstdint>
#include <vector>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// Draws i with probability weights[i] / sum; uniformly where all are 0. Weights >= 0, at least
/// one.
std::int64_t weighted_draw(const std::vector<double>& weights, RngStream& rng);

/// The same among the rows not taken, of which there must be one. Rows of weight 0 come after all
/// others, rows of non-finite weight last.
std::int64_t weighted_draw_untaken(const std::vector<double>& weights,
                                   const std::vector<bool>& taken, RngStream& rng);

}  // namespace al_mpi
