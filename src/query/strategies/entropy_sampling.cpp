#include "src/query/scores/acquisition.hpp"

namespace al_mpi {

/// Highest entropy of the predicted distribution first.
/// Reference: Settles, Active learning literature survey (2009), section 3.1.
Picks entropy_sampling(QueryContext& context) {
  return top_n(context, score_probabilities(context, entropy_acquisition(context.options)));
}

}  // namespace al_mpi
