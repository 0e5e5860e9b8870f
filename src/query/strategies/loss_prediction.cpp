#include <algorithm>

#include <al_mpi/query/query.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t most_candidates = 10'000;

}  // namespace

/// The samples of the greatest predicted loss, among 10,000 drawn at random where there are more.
/// The predictor is trained with the network and by its gradient shapes it, so the network's own
/// accuracy differs from that of other strategies from the first round on.
/// Reference: Yoo & Kweon, Learning loss for active learning (CVPR 2019).
Picks loss_prediction(QueryContext& context) {
  Indices some = context.unlabeled;
  const auto kept = std::max(context.n, most_candidates);
  if (static_cast<std::int64_t>(some.size()) > kept) {
    RngStream rng = context.rng("query");
    rng.shuffle(some);
    some.resize(static_cast<std::size_t>(kept));
    std::sort(some.begin(), some.end());
  }
  const QueryContext among = context.about(some, context.n, context.options);
  return top_n(among, context.predictions.predicted_losses(some));
}

}  // namespace al_mpi
