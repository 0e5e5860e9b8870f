#pragma once

#include <cstdint>

namespace al_mpi {

/// A share and Wilson's interval around it; NaN where n = 0.
struct Proportion {
  double share = 0, low = 0, high = 0;
};

/// `n_hits` of `n`. Reference: Wilson, Probable inference, the law of succession, and statistical
/// inference, 1927. `confidence` in (0, 1).
Proportion wilson(std::int64_t n_hits, std::int64_t n, double confidence);

}  // namespace al_mpi
