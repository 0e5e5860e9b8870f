#include "src/query/geometry/farthest_first.hpp"

namespace al_mpi {

/// Core-set: always the candidate farthest from everything labelled or picked (query.features).
/// With query.features = penultimate this is the published method; embeddings follow the reference.
/// Reference: Sener & Savarese, Active learning for CNNs: a core-set approach (ICLR 2018),
/// algorithm 1.
Picks kcenter_greedy(QueryContext& context) {
  const at::Tensor points = diversity_features(context, context.unlabeled);
  at::Tensor labeled;
  if (!context.labeled.empty()) labeled = diversity_features(context, context.labeled);
  Picks rows;
  add_farthest_first(context, points, labeled, rows);
  return global_picks(context, rows);
}

}  // namespace al_mpi
