#include "src/query/scores/stochastic.hpp"

namespace al_mpi {

/// A draw without replacement with weights rank^-beta, rank 1 = highest BALD.
/// Reference: Kirsch et al., Stochastic batch acquisition (arXiv 2106.12059).
Picks softrank_bald(QueryContext& context) {
  return stochastic_bald(context, ScoreNoise::softrank);
}

}  // namespace al_mpi
