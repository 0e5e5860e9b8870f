#include <algorithm>
#include <map>

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/query/registry.hpp>

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

/// What all share: candidates in ascending order (their order then cannot matter), 1 <= n <=
/// candidates, and a check of the answer.
QueryFn contracted(const std::string& name, const Table& table) {
  const auto query = table.at(name);
  return [name, query](QueryContext& asked) -> Picks {
    Indices candidates = asked.unlabeled;
    std::sort(candidates.begin(), candidates.end());
    const auto n = std::min(asked.n, static_cast<std::int64_t>(candidates.size()));
    if (n <= 0) return {};
    QueryContext context{candidates,    asked.labeled,     asked.labels, n,
                         asked.options, asked.predictions, asked.seed,   asked.round};
    Picks picks = query(context);
    check_picks(name, context, picks);
    return picks;
  };
}

}  // namespace

QueryFn strategy(const std::string& name) {
  return contracted(strategy_name(name), strategies);
}

QueryFn initial_set(const std::string& name) {
  return contracted(init_name(name), initial_sets);
}

}  // namespace al_mpi
