#include "class_draw.hpp"

#include <algorithm>
#include <set>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

std::map<std::int64_t, Indices> candidates_by_class(const QueryContext& context, RngStream& rng) {
  if (!context.oracle_classes) {
    throw DataError("pool", "labels", "an oracle needs the labels of all samples (there are none)");
  }
  std::map<std::int64_t, Indices> classes;
  for (const std::int64_t index : context.unlabeled) {
    for (const std::int64_t label : context.oracle_classes(index)) classes[label].push_back(index);
  }
  for (auto& [label, indices] : classes) rng.shuffle(indices);
  return classes;
}

Picks by_turns(const QueryContext& context, const std::map<std::int64_t, Indices>& classes,
               const Indices& last, RngStream& rng) {
  std::vector<Indices> queues;
  for (const auto& [label, indices] : classes) queues.push_back(indices);
  rng.shuffle(queues);
  Indices rest = context.unlabeled;
  rng.shuffle(rest);
  const std::set<std::int64_t> unusable(last.begin(), last.end());
  std::stable_partition(rest.begin(), rest.end(),
                        [&](std::int64_t index) { return unusable.count(index) > 0; });
  const auto n_turns = queues.size();
  queues.push_back(std::move(rest));

  Picks picks;
  std::set<std::int64_t> taken;
  const auto take = [&](Indices& queue) {  // from its end
    while (!queue.empty() && taken.count(queue.back()) > 0) queue.pop_back();
    if (queue.empty() || static_cast<std::int64_t>(picks.size()) == context.n) return false;
    picks.push_back({queue.back(), 0.0});
    taken.insert(queue.back());
    return true;
  };
  for (bool any = true; any;) {
    any = false;
    for (std::size_t q = 0; q < n_turns; ++q) any = take(queues[q]) || any;
  }
  while (take(queues.back())) {
  }
  return picks;
}

}  // namespace al_mpi
