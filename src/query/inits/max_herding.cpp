#include <al_mpi/query/registry.hpp>

namespace al_mpi {

/// The strategy max_herding with nothing labelled: it needs embeddings only.
Picks init_max_herding(QueryContext& context) {
  return strategy("max_herding")(context);
}

}  // namespace al_mpi
