#include "src/query/geometry/farthest_first.hpp"

namespace al_mpi {

/// Farthest point sampling of the embeddings: a random first point, then always the farthest from
/// all before. Score = distance to them. Reference: Eldar et al., The farthest point strategy for
/// progressive image sampling (1997).
Picks init_fps(QueryContext& context) {
  RngStream rng = context.rng("init");
  Picks rows = {{static_cast<std::int64_t>(rng.below(context.unlabeled.size())), 0.0}};
  add_farthest_first(context, context.predictions.embeddings(context.unlabeled), {}, rows);
  return global_picks(context, rows);
}

}  // namespace al_mpi
