#include <al_mpi/farm/simulate.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <queue>
#include <utility>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>

namespace al_mpi {

Simulation simulate(const std::vector<PlannedTrial>& trials, const SimulationOptions& options) {
  RngStream random(options.seed, "simulate");
  std::vector<double> durations;
  double sum = 0.0;
  Simulation result;
  for (const PlannedTrial& trial : trials) {
    durations.push_back(trial.prior_cost * std::exp(options.spread * random.normal()));
    sum += durations.back();
    result.bound = std::max(result.bound, durations.back());
  }
  result.bound = std::max(result.bound, sum / options.n_workers);

  const std::clock_t began = std::clock();
  Scheduler scheduler(trials);
  using Event = std::pair<double, int>;  // when a worker ends its trial
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  const auto hand_out = [&](int worker, double now) {
    if (const auto trial = scheduler.next(worker, now)) {
      events.emplace(now + durations[static_cast<std::size_t>(*trial)], worker);
    }
  };
  for (int i = 0; i < options.n_workers; ++i)
    hand_out(scheduler.add_worker("host" + std::to_string(i / 8), 0.0), 0.0);
  while (!events.empty()) {
    const auto [now, worker] = events.top();
    events.pop();
    scheduler.ended(worker, scheduler.trial_of(worker), Ending::done, now);
    hand_out(worker, now);
    result.makespan = now;
  }
  result.cpu_seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  result.busy_share = scheduler.busy_share(result.makespan);
  check(scheduler.n(TrialState::done) == static_cast<int>(trials.size()),
        "the simulation lost trials");
  return result;
}

}  // namespace al_mpi
