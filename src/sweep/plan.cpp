#include <al_mpi/sweep/plan.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

double prior_cost(const std::string& strategy) {
  for (const StrategyInfo& info : strategy_catalog()) {
    if (info.name == strategy) return info.cost;
  }
  return 1.0;
}

/// Own settings may change how many rounds a trial has; there are few of them and many trials.
class RoundsOf {
 public:
  explicit RoundsOf(const SweepConfig& config) : config_(config) {}
  int operator()(const TrialSpec& spec) {
    const auto [found, is_new] = known_.try_emplace(spec.settings, 0);
    if (is_new)
      found->second = static_cast<int>(with_settings(config_, spec.settings).loop.n_rounds) + 1;
    return found->second;
  }

 private:
  const SweepConfig& config_;
  std::map<std::map<std::string, std::string>, int> known_;
};

}  // namespace

SweepPlan plan_grid(const SweepConfig& config, const std::vector<TrialSpec>& grid) {
  SweepPlan plan;
  RoundsOf rounds_of(config);
  for (const TrialSpec& spec : grid) {
    const int n_rounds = rounds_of(spec);
    PlannedTrial trial;
    trial.group = spec.own_settings() + spec.strategy;
    trial.prior_cost = prior_cost(spec.strategy) * n_rounds;
    plan.trials.push_back(std::move(trial));
    plan.n_rounds.push_back(n_rounds);
  }
  return plan;
}

SweepPlan plan_sweep(const SweepConfig& config, const std::vector<TrialSpec>& grid,
                     const ResultsStore& store) {
  std::unordered_map<std::string, std::size_t> places;  // key -> place in the grid
  for (std::size_t place = 0; place < grid.size(); ++place) places[grid[place].key()] = place;
  const SweepPlan of_grid = plan_grid(config, grid);
  SweepPlan plan;
  for (const TrialRecord& record : store.trials()) {
    PlannedTrial& trial = plan.trials.emplace_back();
    int& n_rounds = plan.n_rounds.emplace_back(0);
    const auto found = places.find(record.spec.key());
    trial.wanted = found != places.end();
    if (!trial.wanted) continue;
    trial = of_grid.trials[found->second];
    n_rounds = of_grid.n_rounds[found->second];
    trial.state = record.state;
    trial.failures = store.blamed(record.spec.trial);
    // A trial whose rounds are all stored may still lack its "done": it is not nothing to do.
    const double left = 1.0 - static_cast<double>(store.rounds_done(record.spec.trial)) / n_rounds;
    trial.rest = std::clamp(left, 0.01, 1.0);
  }
  return plan;
}

}  // namespace al_mpi
