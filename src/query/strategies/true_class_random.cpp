#include "src/query/class_draw.hpp"

namespace al_mpi {

/// An ORACLE, which sees the labels of all candidates: a bound, no strategy. predicted_class_random
/// with the true classes instead of the predicted ones: how much better it would be if the network
/// knew. Scores are 0.
Picks true_class_random(QueryContext& context) {
  RngStream rng = context.rng("query");
  return by_turns(context, candidates_by_class(context, rng), {}, rng);
}

}  // namespace al_mpi
