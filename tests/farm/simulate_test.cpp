#include "catch.hpp"
#include <al_mpi/farm/simulate.hpp>

using namespace al_mpi;

namespace {

/// The study's shape: strategies of unlike cost, each with `n` trials, in grid order.
std::vector<PlannedTrial> study(int n) {
  std::vector<PlannedTrial> trials;
  const double costs[] = {1.0, 1.2, 1.3, 1.2, 1.3, 1.2, 1.3, 1.2, 1.2, 12.0};
  for (int i = 0; i < n; ++i) {
    for (std::size_t strategy = 0; strategy < 10; ++strategy) {
      trials.emplace_back();
      trials.back().group = std::string(1, static_cast<char>('a' + strategy));
      trials.back().prior_cost = costs[strategy];
    }
  }
  return trials;
}

SimulationOptions with(int n_workers, double spread) {
  SimulationOptions options;
  options.n_workers = n_workers;
  options.spread = spread;
  return options;
}

}  // namespace

TEST_CASE("one worker needs the sum of all trials") {
  const Simulation one = simulate(study(2), with(1, 0.0));
  CHECK(one.makespan == Approx(2 * 22.9));
  CHECK(one.bound == Approx(one.makespan));
  CHECK(one.busy_share == Approx(1.0));
}

TEST_CASE("longest first ends 300 trials within 3 % of the lower bound") {
  for (const int workers : {2, 8, 16, 32}) {
    const Simulation result = simulate(study(30), with(workers, 0.15));
    INFO(workers << " workers");
    CHECK(result.makespan >= result.bound);
    CHECK(result.makespan <= 1.03 * result.bound);
  }
}

TEST_CASE("10,000 trials of one second on 16 workers keep them busy") {
  std::vector<PlannedTrial> trials(10000);
  CHECK(simulate(trials, with(16, 0.0)).busy_share > 0.99);
}
