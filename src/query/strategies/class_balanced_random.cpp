#include <algorithm>

#include "src/query/class_draw.hpp"

namespace al_mpi {

/// An ORACLE, which sees the labels of all candidates: a bound, no strategy. Random samples of
/// whichever class has the fewest labels, so that the labelled set becomes as balanced as the pool
/// allows; ties by a seeded order of the classes. Scores are 0. Reference: random sampling adapted
/// to the task, as asked for by e.g. Lueth et al., NeurIPS 2023.
Picks class_balanced_random(QueryContext& context) {
  struct Class {
    std::int64_t n_labeled;
    Indices candidates;
  };
  RngStream rng = context.rng("query");
  std::vector<Class> classes;
  for (auto& [label, indices] : candidates_by_class(context, rng)) {
    classes.push_back({std::count(context.labels.begin(), context.labels.end(), label), indices});
  }
  rng.shuffle(classes);
  Picks picks;
  while (static_cast<std::int64_t>(picks.size()) < context.n) {
    Class* scarcest = nullptr;
    for (Class& each : classes) {
      const bool fewer = scarcest == nullptr || each.n_labeled < scarcest->n_labeled;
      if (!each.candidates.empty() && fewer) scarcest = &each;
    }
    picks.push_back({scarcest->candidates.back(), 0.0});
    scarcest->candidates.pop_back();
    ++scarcest->n_labeled;
  }
  return picks;
}

}  // namespace al_mpi
