#include "src/query/geometry/kmeans.hpp"

namespace al_mpi {

/// The sample nearest to the centre in each of n k-means clusters of the embeddings.
/// Differs from the reference, which takes the nearest of the whole pool and so can take one twice.
Picks init_kmeans(QueryContext& context) {
  RngStream rng = context.rng("init");
  const at::Tensor points = context.predictions.embeddings(context.unlabeled);
  return global_picks(context, kmeans_representatives(context, points, rng));
}

}  // namespace al_mpi
