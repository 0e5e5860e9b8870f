#include "src/query/scores/stochastic.hpp"

namespace al_mpi {

/// A draw without replacement with weights BALD^beta.
/// Reference: Kirsch et al., Stochastic batch acquisition (arXiv 2106.12059).
Picks power_bald(QueryContext& context) {
  return stochastic_bald(context, ScoreNoise::power);
}

}  // namespace al_mpi
