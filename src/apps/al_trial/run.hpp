#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/engine/run_trial.hpp>

namespace al_mpi {

/// `al_trial CONFIG [section.key=value ...] --strategy S --init I --seed N`
struct RunOptions {
  std::string config;
  std::vector<std::string> overrides;
  std::string strategy = "random_sampling";
  std::string init = "random";
  std::int64_t seed = 1;
  std::string checkpoint;
  std::string network;
  std::string scores;
};

void add_run_options(CLI::App& app, RunOptions& options);

/// Runs one trial; a JSON line a round on standard output.
ExitCode run_one(const RunOptions& options);

/// The dataset that a configuration names: its file, or the built-in scenes.

/// What `run_trial` needs, from a configuration. `dataset` belongs to `config`.
TrialInput trial_input(const SweepConfig& config, const TrialSpec& spec,
                       std::shared_ptr<const Dataset> dataset, const std::string& device);

}  // namespace al_mpi
