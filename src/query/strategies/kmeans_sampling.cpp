#include "src/query/geometry/kmeans.hpp"

namespace al_mpi {

/// The candidate nearest to the centre in each of n k-means clusters of the candidates
/// (query.features). Reference: Nguyen & Smeulders, Active learning using pre-clustering (ICML
/// 2004), the cluster step.
Picks kmeans_sampling(QueryContext& context) {
  RngStream rng = context.rng("query");
  const at::Tensor points = diversity_features(context, context.unlabeled);
  return global_picks(context, kmeans_representatives(context, points, rng));
}

}  // namespace al_mpi
