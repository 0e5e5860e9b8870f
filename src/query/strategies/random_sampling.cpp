#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Uniformly at random without replacement; the baseline. Scores are 0.
Picks random_sampling(QueryContext& context) {
  RngStream rng = context.rng("query");
  Picks rows;
  for (const std::int64_t row :
       rng.sample(static_cast<std::int64_t>(context.unlabeled.size()), context.n)) {
    rows.push_back({row, 0.0});
  }
  return global_picks(context, rows);
}

}  // namespace al_mpi
