#include <al_mpi/query/registry.hpp>

namespace al_mpi {

/// The strategy typiclust with nothing labelled: it needs no network, only embeddings.
Picks init_typiclust(QueryContext& context) {
  return strategy("typiclust")(context);
}

}  // namespace al_mpi
