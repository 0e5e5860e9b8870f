#include "src/query/scores/acquisition.hpp"

namespace al_mpi {

/// Smallest gap between the two most probable classes first.
/// Reference: Scheffer, Decomain & Wrobel, Active hidden Markov models (IDA 2001).
Picks margin_sampling(QueryContext& context) {
  return top_n(context, score_probabilities(context, margin_acquisition(context.options)));
}

}  // namespace al_mpi
