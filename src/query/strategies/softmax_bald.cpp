#include "src/query/scores/stochastic.hpp"

namespace al_mpi {

/// A draw without replacement with weights exp(beta BALD).
/// Reference: Kirsch et al., Stochastic batch acquisition (arXiv 2106.12059).
Picks softmax_bald(QueryContext& context) {
  return stochastic_bald(context, ScoreNoise::softmax);
}

}  // namespace al_mpi
