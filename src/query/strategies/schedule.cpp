#include <al_mpi/query/registry.hpp>

namespace al_mpi {

/// The strategy whose turn it is by query.schedule. Score = that strategy's.
/// Reference: Doucet et al., Bridging diversity and uncertainty in active learning with
/// self-supervised pre-training (2024), whose TCM is the default: TypiClust first, then margins.
Picks schedule(QueryContext& context) {
  const QueryOptions& options = context.options;
  return strategy(scheduled(options.schedule, context.round), options)(context);
}

}  // namespace al_mpi
