#include "src/query/scores/acquisition.hpp"

namespace al_mpi {

/// Lowest probability of the predicted class first: 1 - max_c p_c.
/// Reference: Lewis & Gale, A sequential algorithm for training text classifiers (SIGIR 1994).
Picks least_confidence(QueryContext& context) {
  return top_n(context, score_probabilities(context, least_confidence_score));
}

}  // namespace al_mpi
