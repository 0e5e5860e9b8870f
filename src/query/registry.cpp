#include <al_mpi/query/registry.hpp>

#include <algorithm>
#include <map>

#include "external.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {

#define AL_STRATEGY(name, ...) Picks name(QueryContext& context);
#define AL_INIT(name, ...) Picks init_##name(QueryContext& context);
#include <al_mpi/catalog/strategies.def>
#undef AL_STRATEGY
#undef AL_INIT

namespace {

using Table = std::map<std::string, Picks (*)(QueryContext&)>;

#define AL_STRATEGY(name, ...) {#name, name},
#define AL_INIT(name, ...)
const Table strategies = {
#include <al_mpi/catalog/strategies.def>
};
#undef AL_STRATEGY
#undef AL_INIT

#define AL_STRATEGY(name, ...)
#define AL_INIT(name, ...) {#name, init_##name},
const Table initial_sets = {
#include <al_mpi/catalog/strategies.def>
};
#undef AL_STRATEGY
#undef AL_INIT

void check_picks(const std::string& name, const QueryContext& context, const Picks& picks) {
  check(static_cast<std::int64_t>(picks.size()) == context.n, "{} picked {} of {}", name,
        picks.size(), context.n);
  Indices chosen;
  for (const Pick& pick : picks) chosen.push_back(pick.index);
  std::sort(chosen.begin(), chosen.end());
  check(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end(), "{} picked one twice",
        name);
  check(std::includes(context.unlabeled.begin(), context.unlabeled.end(), chosen.begin(),
                      chosen.end()),
        "{} picked one that is no candidate", name);
}

/// query.partition random shares of the candidates, each asked for its part of n (partition 1
/// inside, also for strategies that ask others). Follows DISTIL's PartitionStrategy (Beck et al.,
/// arXiv 2106.15324).
Picks ask_shares(const QueryContext& context, const QueryFn& query) {
  const auto n_candidates = static_cast<std::int64_t>(context.unlabeled.size());
  const std::int64_t n_shares = std::min(context.options.partition, n_candidates);
  QueryOptions options = context.options;
  options.partition = 1;
  Indices shuffled = context.unlabeled;
  RngStream rng = context.rng("partition");
  rng.shuffle(shuffled);
  // Share s holds the candidates from s / n_shares to (s + 1) / n_shares, and gives as great a part
  // of n.
  const auto share_of = [&](std::int64_t total, std::int64_t s) { return total * s / n_shares; };
  Picks picks;
  for (std::int64_t s = 0; s < n_shares; ++s) {
    Indices share(shuffled.begin() + share_of(n_candidates, s),
                  shuffled.begin() + share_of(n_candidates, s + 1));
    std::sort(share.begin(), share.end());
    const std::int64_t n = share_of(context.n, s + 1) - share_of(context.n, s);
    if (n == 0) continue;
    QueryContext part = context.about(share, n, options);
    const Picks some = query(part);
    picks.insert(picks.end(), some.begin(), some.end());
  }
  return picks;
}

/// Wraps a strategy in what holds for all: candidates in ascending order (their order then cannot
/// matter), 1 <= n <= candidates, labels that were not bought for oracles only, costs for those
/// that divide by them, and a check of the answer.
QueryFn contracted(const std::string& name, const QueryFn& query) {
  return [name, query](QueryContext& asked) -> Picks {
    Indices candidates = asked.unlabeled;
    std::sort(candidates.begin(), candidates.end());
    const auto n = std::min(asked.n, static_cast<std::int64_t>(candidates.size()));
    if (n <= 0) return {};
    QueryContext context = asked.about(candidates, n, asked.options);
    if (!is_oracle(name)) {
      context.oracle_classes = nullptr;
      context.oracle_test = nullptr;
    }
    const bool own = asked.options.external.count(name) > 0;
    if (!own && !ranks_by_scores(name)) context.cost_of = nullptr;
    Picks picks = asked.options.partition > 1 ? ask_shares(context, query) : query(context);
    check_picks(name, context, picks);
    return picks;
  };
}

}  // namespace

QueryFn strategy(const std::string& name) {
  const std::string known = strategy_name(name);
  return contracted(known, strategies.at(known));
}

QueryFn strategy(const std::string& name, const QueryOptions& options) {
  if (options.external.count(name) == 0) return strategy(name);
  return contracted(name, [name](QueryContext& context) {
    return ask_external_strategy(name, context.options.external.at(name), context);
  });
}

bool needs_predicted_losses(const std::string& strategy, const QueryOptions& options) {
  return asks_for("predicted_losses", strategy, options);
}

QueryFn initial_set(const std::string& name) {
  const std::string known = init_name(name);
  return contracted(known, initial_sets.at(known));
}

}  // namespace al_mpi
