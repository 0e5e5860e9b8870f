#include <algorithm>

#include <al_mpi/query/registry.hpp>

namespace al_mpi {

/// query.two_stage_first keeps query.two_stage_factor x n candidates, query.two_stage_second picks
/// among them: informative first, then diverse (or the other way round). Score = the second's.
/// Reference: e.g. Sener & Savarese's core-set on the most uncertain; MCFPS (arXiv 2405.13285) the
/// other way.
Picks two_stage(QueryContext& context) {
  const QueryOptions& options = context.options;
  const std::int64_t kept = context.n * options.two_stage_factor;
  QueryContext wide = context.about(context.unlabeled, kept, options);
  Indices candidates;
  for (const Pick& pick : strategy(options.two_stage_first, options)(wide))
    candidates.push_back(pick.index);
  std::sort(candidates.begin(), candidates.end());
  QueryContext narrow = context.about(candidates, context.n, options);
  return strategy(options.two_stage_second, options)(narrow);
}

}  // namespace al_mpi
