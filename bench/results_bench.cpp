// The disk side of rank 0: replaying a journal, rebuilding the results file, reading it back.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "src/results/journal.hpp"
#include "src/results/replay.hpp"
#include "src/results/sweep_state.hpp"
#include "src/results/writer.hpp"
#include <al_mpi/results/reader.hpp>
#include <al_mpi/trial/json.hpp>

namespace {

using namespace al_mpi;

constexpr int n_rounds = 11;

std::string scratch(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("al_mpi_bench_" + name)).string();
}

TrialSpec spec(int trial) {
  return {trial, trial % 2 == 0 ? "random_sampling" : "margin_sampling", "random", trial, {}};
}

/// A round as the published study has it: 12 numbers; `full`: with 32 picks and a 10 x 10 confusion
/// matrix.
RoundRecord round(int trial, int number, bool full) {
  RoundRecord record;
  record.trial = trial;
  record.key = spec(trial).key();
  record.round = number;
  record.n_labeled = 32 * (number + 1);
  const double x = 1.0 / (3.0 + trial + number);
  for (const char* name :
       {"accuracy", "balanced_accuracy", "macro_f1", "mean_iou", "nll", "ece", "train_loss",
        "steps", "seconds_query", "seconds_train", "seconds_evaluate"}) {
    record.metrics.emplace_back(name, x);
  }
  record.weights_hash = "0123456789abcdef";
  if (!full) return record;
  for (int i = 0; i < 32; ++i) record.picks.push_back({i * 60 + number, i % 10, x + i});
  for (int i = 0; i < 100; ++i) record.confusion.push_back(i % 11 == 0 ? 90 + trial % 7 : i % 3);
  return record;
}

void replay(benchmark::State& state) {
  const bool full = state.range(0) != 0;
  constexpr int n_trials = 2000;
  const Files files(scratch("replay.h5"));
  std::ofstream journal(files.journal);
  for (int t = 0; t < n_trials; ++t) {
    for (int r = 0; r < n_rounds; ++r) {
      nlohmann::json record = round(t, r, full);
      record["type"] = "round";
      journal << journal_line(record.dump());
    }
  }
  journal.close();
  for (auto _ : state) benchmark::DoNotOptimize(replay_journal(files).state.trials().size());
  state.SetItemsProcessed(state.iterations() * n_trials * n_rounds);
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(std::filesystem::file_size(files.journal)));
  std::filesystem::remove(files.journal);
}
BENCHMARK(replay)->ArgName("full")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// What rank 0 knows of a sweep of n rows, a trial after the other.
SweepState sweep(std::int64_t n_rows, bool full) {
  SweepState state;
  state.apply({{"type", "opened"},
               {"version", 1},
               {"time", 1.0},
               {"config", ""},
               {"settings", ""},
               {"dataset", ""},
               {"task", "classification"},
               {"versions", nlohmann::json::array()},
               {"classes", std::vector<std::string>(10, "class")}});
  for (int t = 0; t * n_rounds < n_rows; ++t) {
    const std::string key = spec(t).key();
    state.apply({{"type", "started"},
                 {"key", key},
                 {"attempt", 1},
                 {"rank", 0},
                 {"host", "host"},
                 {"device", "cpu"},
                 {"threads", 1},
                 {"time", 1.0}});
    for (int r = 0; r < n_rounds; ++r) state.add_round(round(t, r, full));
    state.apply({{"type", "ended"},
                 {"key", key},
                 {"attempt", 1},
                 {"outcome", "done"},
                 {"seconds", 2.0},
                 {"rounds", n_rounds}});
  }
  return state;
}

void write_snapshot(const SweepState& state) {
  write_results(scratch("snapshot.h5"), with_attributes(state.tables(), state), state.rounds());
}

void snapshot(benchmark::State& state) {
  const SweepState known = sweep(state.range(0), state.range(1) != 0);
  write_snapshot(known);  // the file is replaced, as all but the first are
  for (auto _ : state) write_snapshot(known);
  state.counters["MB"] =
      static_cast<double>(std::filesystem::file_size(scratch("snapshot.h5"))) / 1e6;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(snapshot)
    ->ArgNames({"rows", "full"})
    ->Args({1'000'000, 0})
    ->Args({1'000'000, 1})
    ->Unit(benchmark::kSecond)
    ->Iterations(1);

void read_back(benchmark::State& state) {
  write_snapshot(sweep(state.range(0), state.range(1) != 0));
  for (auto _ : state)
    benchmark::DoNotOptimize(read_results(scratch("snapshot.h5")).rounds.trial.size());
  std::filesystem::remove(scratch("snapshot.h5"));
}
BENCHMARK(read_back)
    ->ArgNames({"rows", "full"})
    ->Args({1'000'000, 0})
    ->Args({1'000'000, 1})
    ->Unit(benchmark::kSecond)
    ->Iterations(1);

/// What scheduling waits for when a snapshot begins.
void copy_for_snapshot(benchmark::State& state) {
  const SweepState known = sweep(1'000'000, false);
  for (auto _ : state) benchmark::DoNotOptimize(SweepState(known).rounds().size());
}
BENCHMARK(copy_for_snapshot)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
