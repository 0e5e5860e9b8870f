// The scheduler: decisions a second, and how near its schedules come to the lower bound. A round on
// its way to the journal: what its rank and rank 0 do with the engine's line.

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <al_mpi/farm/simulate.hpp>
#include <al_mpi/trial/engine_line.hpp>
#include <al_mpi/trial/json.hpp>

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

/// The line of a round with eleven metrics, 32 picks and a 10 x 10 confusion matrix.
std::string round_line() {
  RoundRecord record;
  record.key = "margin_sampling/random/7";
  for (int i = 0; i < 11; ++i) record.metrics.emplace_back("metric_" + std::to_string(i), 1 / 7.0);
  for (int i = 0; i < 32; ++i) record.picks.push_back({60 * i, i % 10, 1 / 3.0 + i});
  record.confusion.assign(100, 90);
  nlohmann::json line = record;
  line["type"] = "round";
  return line.dump();
}

void relay_round(benchmark::State& state) {
  const std::string line = round_line();
  for (auto _ : state) benchmark::DoNotOptimize(is_round_line(line));
}
BENCHMARK(relay_round);

void read_round(benchmark::State& state) {
  const std::string line = round_line();
  for (auto _ : state) benchmark::DoNotOptimize(parse_round(line).picks.size());
}
BENCHMARK(read_round);

}  // namespace

BENCHMARK_MAIN();
