// The scheduler: decisions a second, and how near its schedules come to the lower bound.

#include <benchmark/benchmark.h>

#include <al_mpi/farm/simulate.hpp>

namespace {

using namespace al_mpi;

/// Trials of ten groups, whose costs differ up to ten times.
std::vector<PlannedTrial> grid(std::int64_t n) {
  std::vector<PlannedTrial> trials(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < trials.size(); ++i) {
    trials[i].group = "strategy" + std::to_string(i % 10);
    trials[i].prior_cost = 1.0 + static_cast<double>(i % 10);
  }
  return trials;
}

/// Every trial handed out and ended once, in virtual time; args: workers, trials.
void schedule(benchmark::State& state) {
  const std::vector<PlannedTrial> trials = grid(state.range(1));
  SimulationOptions options;
  options.n_workers = static_cast<int>(state.range(0));
  Simulation result;
  for (auto _ : state) result = simulate(trials, options);
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["makespan_over_bound"] = result.makespan / result.bound;
}
BENCHMARK(schedule)
    ->ArgNames({"workers", "trials"})
    ->Args({32, 300})
    ->Args({1'000, 100'000})
    ->Args({10'000, 1'000'000})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
