#include "simulation.hpp"

#include <algorithm>
#include <regex>

#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/farm/simulate.hpp>
#include <al_mpi/sweep/plan.hpp>

namespace al_mpi {
namespace {

std::vector<PlannedTrial> trials_shaped_as(const SweepArguments& arguments) {
  if (!arguments.config.empty()) {
    const SweepConfig config = load_config(arguments.config, arguments.overrides);
    return plan_grid(config, expand(config)).trials;
  }
  std::vector<PlannedTrial> trials;
  for (const StrategyInfo& strategy : strategy_catalog()) {
    trials.emplace_back();
    trials.back().group = strategy.name;
    trials.back().prior_cost = strategy.cost;
  }
  return trials;
}

}  // namespace

ExitCode show_simulation(const std::string& what, const SweepArguments& arguments) {
  std::smatch numbers;
  if (!std::regex_match(what, numbers, std::regex(R"(workers=(\d{1,6}),trials=(\d{1,8}))"))) {
    throw ConfigError("--simulate", fmt::format("'{}' is not workers=W,trials=N", what));
  }
  const std::vector<PlannedTrial> shape = trials_shaped_as(arguments);
  SimulationOptions options;
  options.n_workers = std::max(1, std::stoi(numbers[1]));
  const auto n_trials = static_cast<std::size_t>(std::max(1, std::stoi(numbers[2])));
  std::vector<PlannedTrial> trials;
  for (std::size_t i = 0; i < n_trials; ++i) trials.push_back(shape[i % shape.size()]);

  const Simulation result = simulate(trials, options);
  fmt::print("{} trials on {} workers, durations spread by {:.0f} %\n", n_trials, options.n_workers,
             100 * options.spread);
  fmt::print("makespan {:.2f}, lower bound {:.2f}: ratio {:.4f}; workers busy {:.2f} %\n",
             result.makespan, result.bound, result.makespan / result.bound,
             100 * result.busy_share);
  fmt::print("CPU time {:.2f} s: {:.2f} us a trial\n", result.cpu_seconds,
             1e6 * result.cpu_seconds / static_cast<double>(n_trials));
  return ExitCode::ok;
}

ExitCode show_plan(const SweepArguments& arguments) {
  const std::vector<PlannedTrial> trials = trials_shaped_as(arguments);
  double sum = 0.0;
  for (const PlannedTrial& trial : trials) sum += trial.prior_cost;
  fmt::print("{} trials\nworkers  speed-up  busy %\n", trials.size());
  // Powers of two and the numbers of workers that share the trials without a rest.
  for (int workers = 1; workers <= static_cast<int>(trials.size()); ++workers) {
    const bool power = (workers & (workers - 1)) == 0;
    if (!power && static_cast<int>(trials.size()) % workers != 0) continue;
    SimulationOptions options;
    options.n_workers = workers;
    const Simulation result = simulate(trials, options);
    fmt::print("{:7}  {:8.1f}  {:6.1f}\n", workers, sum / result.makespan, 100 * result.busy_share);
  }
  return ExitCode::ok;
}

}  // namespace al_mpi
