#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <al_mpi/results/reader.hpp>
#include <al_mpi/results/store.hpp>
#include <al_mpi/trial/json.hpp>

/// A small sweep with made-up numbers: 2 strategies x 2 inits x 2 seeds, 3 rounds of 2 picks, 3
/// classes.
namespace example {

using namespace al_mpi;

inline constexpr int n_rounds = 3;

inline Provenance provenance() {
  return {"training: {epochs: 3}\n",
          "00000000000000aa",
          "00000000000000bb",
          "classification",
          {"Forest", "River", "SeaLake"},
          {40, 30, 20},
          {{"libtorch", "1.13.1"}, {"git", "1a2b3c4"}}};
}

inline std::vector<TrialSpec> grid(const std::vector<std::int64_t>& seeds = {1, 2}) {
  std::vector<TrialSpec> specs;
  for (const char* init : {"random", "fps"}) {
    for (const std::int64_t seed : seeds) {
      for (const char* strategy : {"random_sampling", "margin_sampling"}) {
        specs.push_back({static_cast<int>(specs.size()), strategy, init, seed, {}});
      }
    }
  }
  return specs;
}

/// A pure function of key and round, as a trial's rounds are.
inline RoundRecord round(const TrialSpec& spec, int number, int attempt = 1) {
  const double base = 0.5 + 0.1 * number + 0.001 * static_cast<double>(spec.key().size());
  RoundRecord record;
  record.trial = spec.trial;
  record.key = spec.key();
  record.round = number;
  record.attempt = attempt;
  record.n_labeled = 2 * (number + 1);
  record.picks = {{10 * number + spec.seed, 1, 0.25}, {10 * number + 5, 2, -1.0 / 3.0}};
  record.metrics = {{"accuracy", base},
                    {"nll", number == 0 ? std::nan("") : 1 / base},
                    {"steps", 30.0},
                    {"seconds_train", 1.0 + attempt}};
  record.confusion = {number, 1, 2, 3, 4, 5, 6, 7, static_cast<std::int64_t>(spec.seed)};
  record.calibration = {0.0, 0.0, 0.0, 0.1 * (number + 1), 1.0, 2.0};
  record.weights_hash = "00000000000000f" + std::to_string(number);
  return record;
}

inline std::unique_ptr<ResultsStore> open(const std::string& file,
                                          const std::vector<TrialSpec>& specs = grid()) {
  return ResultsStore::open({file, 0.0, false}, provenance(), specs);
}

/// Gives the store a round as rank 0 does: with the engine's line.
inline ResultsStore::Taken take(ResultsStore& store, const RoundRecord& record) {
  nlohmann::json line = record;
  line["type"] = "round";
  return store.take(record, line.dump());
}

/// Runs a trial from its first missing round to the end.
inline void run(ResultsStore& store, int trial) {
  store.started(trial, 1, "node7", "cpu", 1);
  const TrialRecord record = store.trials()[static_cast<std::size_t>(trial)];
  for (int r = store.rounds_done(trial); r < n_rounds; ++r)
    take(store, round(record.spec, r, record.attempts));
  store.done(trial, 12.5);
  store.commit();
}

}  // namespace example
