#include <ATen/ops/ones.h>

#include "src/query/geometry/herding.hpp"

namespace al_mpi {

/// Covers the pool by a Gaussian kernel around labelled samples, whose width is 1 between features
/// of unit length: always the candidate that raises the mean cover most. Score = by how much.
/// O(N^2 d) time, O(N d) memory. Reference: Bae et al., Generalized coverage for more robust
/// low-budget active learning (ECCV 2024), algorithm 1.
Picks max_herding(QueryContext& context) {
  WholePool pool(context);
  pool.scale_to_unit_length();
  return herd(context, pool, at::ones({pool.size()}, at::kFloat), 1.0);
}

}  // namespace al_mpi
