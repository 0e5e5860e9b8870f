#include "seconds.hpp"

#include <algorithm>

namespace al_mpi {
namespace {

/// Every value of one metric, by group and strategy.
struct Times {
  std::string dataset, strategy;
  std::vector<double> query, train, evaluate;
};

Times& entry(std::vector<Times>& all, const Panel& panel, std::size_t strategy) {
  const std::string& name = panel.strategies[strategy];
  const auto found = std::find_if(all.begin(), all.end(), [&](const Times& t) {
    return t.dataset == panel.dataset && t.strategy == name;
  });
  if (found != all.end()) return *found;
  all.push_back({panel.dataset, name, {}, {}, {}});
  return all.back();
}

void collect(std::vector<Times>& all, const Study& study, const std::string& metric,
             std::vector<double> Times::*column) {
  for (const Panel& panel : panels_of(study, metric)) {
    for (std::size_t s = 0; s < panel.strategies.size(); ++s) {
      std::vector<double>& times = entry(all, panel, s).*column;
      for (const auto& seeds : panel.values[s])
        times.insert(times.end(), seeds.begin(), seeds.end());
    }
  }
}

}  // namespace

std::vector<SecondsSummary> seconds_of(const Study& study) {
  std::vector<Times> all;
  collect(all, study, "seconds_query", &Times::query);
  collect(all, study, "seconds_train", &Times::train);
  collect(all, study, "seconds_evaluate", &Times::evaluate);
  std::vector<SecondsSummary> result;
  for (const Times& t : all) {
    const Sample train = describe(t.train);
    if (train.n == 0) continue;
    result.push_back({t.dataset, t.strategy, describe(t.query), train, describe(t.evaluate)});
  }
  return result;
}

}  // namespace al_mpi
