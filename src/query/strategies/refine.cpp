#include <algorithm>
#include <set>

#include <al_mpi/query/registry.hpp>

namespace al_mpi {
namespace {

constexpr const char* members[] = {
    "random_sampling", "margin_sampling", "badge",       "bait",    "typiclust",
    "alfa_mix",        "drop_query",      "max_herding", "uherding"};
constexpr std::int64_t n_members = 9;
constexpr int n_stages = 5;
constexpr std::int64_t most_kept = 10'000;      // candidates after a stage
constexpr std::int64_t subset_size = 2'000;     // candidates that a member looks at, at least ...
constexpr std::int64_t subset_of_batches = 10;  // ... and at least so many batches

/// What any member picks from any of its random subsets of `pool`, ascending.
Indices picked_by_any(const QueryContext& context, const Indices& pool, RngStream& rng) {
  const auto n_pool = static_cast<std::int64_t>(pool.size());
  const std::int64_t size = std::max(subset_size, subset_of_batches * context.n);
  const std::int64_t to_cover = (n_pool + size - 1) / size;
  const std::int64_t to_keep = std::max<std::int64_t>(1, most_kept / (n_members * context.n));
  std::set<std::int64_t> kept;
  for (const char* member : members) {
    Indices shuffled = pool;
    rng.shuffle(shuffled);
    for (std::int64_t s = 0; s < std::min(to_cover, to_keep); ++s) {
      const auto begin = shuffled.begin() + n_pool * s / to_cover;
      const Indices subset(begin, shuffled.begin() + n_pool * (s + 1) / to_cover);
      QueryContext some = context.about(subset, context.n, context.options);
      for (const Pick& pick : strategy(member)(some)) kept.insert(pick.index);
    }
  }
  return {kept.begin(), kept.end()};
}

}  // namespace

/// An ensemble that keeps what any member would buy: in five stages each member (random, margin,
/// badge, bait, typiclust, alfa_mix, drop_query, max_herding, uherding) picks a batch from each of
/// its random subsets of the pool, and the union of all batches is the next stage's pool; uherding
/// picks the batch from the last. Subsets are disjoint shares of about max(2000, 10 n) candidates
/// for each member, as many as cover the pool but no more than keep the union within 10,000 (one at
/// least). A stage of one subset ends where it keeps everything. Score = uherding's. Most of its
/// time is bait's.
/// Reference: Huseljic et al., Cleaning the pool: progressive filtering of unlabeled pools in deep
/// active learning (CVPR 2026). Differs: the number and size of the subsets are ours.
Picks refine(QueryContext& context) {
  QueryContext silent = context.about(context.unlabeled, context.n, context.options);
  silent.keep_scores = nullptr;  // members score some candidates only, each in its own unit
  Indices pool = context.unlabeled;
  RngStream rng = context.rng("partition");
  for (int stage = 0; stage < n_stages; ++stage) {
    const Indices kept = picked_by_any(silent, pool, rng);
    if (kept.size() == pool.size()) break;
    pool = kept;
  }
  QueryContext last = silent.about(pool, context.n, context.options);
  return strategy("uherding")(last);
}

}  // namespace al_mpi
