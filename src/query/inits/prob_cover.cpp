#include <al_mpi/query/registry.hpp>

namespace al_mpi {

/// The strategy prob_cover with nothing labelled: it needs no network, only embeddings.
Picks init_prob_cover(QueryContext& context) {
  return strategy("prob_cover")(context);
}

}  // namespace al_mpi
