#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <al_mpi/base/device_kind.hpp>
#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/base/own_program.hpp>
#include <al_mpi/data/pool.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/engine/options.hpp>
#include <al_mpi/model/options.hpp>
#include <al_mpi/query/options.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// Section `dataset`: a file, or built-in scenes.
struct DatasetOptions {
  std::string path;            ///< dataset file; empty = synthetic
  SyntheticOptions synthetic;  ///< section dataset.synthetic
};

/// Section `sweep`: the grid.
struct SweepOptions {
  std::vector<std::string> strategies = {"random_sampling"};
  std::vector<std::string> inits = {"random"};
  std::vector<std::int64_t> seeds = {1};  ///< written as "1-10", "1,3,5" or a YAML list
  /// Settings to vary beside them, "section.key" -> values; every combination is run.
  std::map<std::string, std::vector<std::string>> grid;
  double target_ci =
      0;  ///< half width of the final value's 95 % interval to reach; 0 = seeds as given
  std::int64_t max_seeds = 50;  ///< with target_ci: the most seeds a cell gets
};

/// Section `farm`: how trials are run; never changes a number, but for the kind of device and an
/// engine of one's own.
struct FarmOptions {
  OwnProgram engine;                  ///< runs the trials; no command: al_trial
  std::int64_t workers_per_rank = 0;  ///< workers of a rank; 0 = 1 under MPI, else GPUs or cores
  std::int64_t workers_per_gpu = 1;   ///< workers that share a GPU
  std::int64_t threads = 1;           ///< CPU threads a trial
  DeviceKind device = DeviceKind::auto_;
  std::int64_t max_attempts = 3;  ///< blamed failures before a trial is given up
  double stall_timeout = 1800;    ///< seconds without a sign of life before an engine is killed
  double trial_timeout = 0;       ///< seconds a trial may take; 0 = no limit
  std::int64_t memory_limit =
      0;                      ///< MiB an engine may hold, the mapped dataset aside; 0 = no limit
  double drain_margin = 120;  ///< seconds before SLURM_JOB_END_TIME at which the farm drains
};

/// Section `results`.
struct ResultsOptions {
  std::string file =
      "results/sweep.h5";      ///< the one results file; journal and checkpoints lie beside it
  std::string networks;        ///< folder that keeps each trial's final network; empty = none
  bool save_scores = false;    ///< acquisition scores of the whole pool, in NAME.scores/
  double snapshot_every = 30;  ///< seconds between two rebuilds of the file, >= 0
};

/// `reference` does what the published study did.
AL_ENUM(Protocol, recommended, reference)

/// A whole configuration, resolved: file, protocol and overrides applied, every value checked.
struct SweepConfig {
  Protocol protocol = Protocol::recommended;  ///< sets the defaults of single flags
  DatasetOptions dataset;
  ModelOptions model;
  TrainingOptions training;
  LoopOptions loop;
  QueryOptions query;
  OracleOptions oracle;
  SweepOptions sweep;
  FarmOptions farm;
  ResultsOptions results;
};

/// Reads a YAML file and applies overrides "section.key=value" (later wins). Throws ConfigError
/// naming the path of the key: unknown key (with the nearest known), wrong type, value out of
/// range, unknown strategy, a results.file or results.networks outside the current folder that the
/// file, not an override, asks for.
SweepConfig load_config(const std::string& path, const std::vector<std::string>& overrides = {});
/// The same from YAML text; `origin` names it in messages.
SweepConfig parse_config(const std::string& yaml, const std::string& origin,
                         const std::vector<std::string>& overrides = {});
/// The same with more settings on top ("section.key" -> value): the own settings of a trial.
SweepConfig with_settings(const SweepConfig& config,
                          const std::map<std::string, std::string>& settings);

/// Optimiser steps that each round of a trial makes; 0 = training.epochs passes over its labelled
/// set. Equal effort (training.steps: -1) is what `epochs` passes over the mean labelled set of the
/// trial's rounds cost: early rounds then train as long as late ones, and a trial no longer.
std::int64_t steps_a_round(const SweepConfig& config);

/// Every key with its resolved value, as YAML that load_config() reads back to the same.
std::string to_yaml(const SweepConfig& config);

/// 16 hex digits over the settings that numbers depend on: not sweep.strategies, inits, seeds (the
/// grid may grow), not farm, not results.
std::string settings_fingerprint(const SweepConfig& config);
/// The settings that shape results, and those of the dataset, as a JSON object: by their paths,
/// "training.epochs": 15.
std::string settings_json(const SweepConfig& config);
/// Keys that the fingerprint covers, and farm.device, whose values differ: "training.epochs: 15 in
/// the results file, 20 now". `auto` differs from no device.
std::vector<std::string> differing_settings(const SweepConfig& stored, const SweepConfig& now);

/// Throws ConfigError with the differing keys where `stored_yaml`, the configuration in the results
/// file `file`, has other settings than `now`.
void check_same_settings(const std::string& stored_yaml, const SweepConfig& now,
                         const std::string& file);

/// Own programs as a results file stores them: "engine" or "external_NAME" -> the words of its
/// command and what its files hold, as text.
using ProgramVersions = std::vector<std::pair<std::string, std::string>>;
/// Those that the sweep uses.
ProgramVersions program_versions(const SweepConfig& config);
/// Throws ConfigError where the results file `file`, which has `stored` among its versions, was
/// made with another engine, or with another program under a name of external.strategies that is
/// used.
void check_same_programs(const ProgramVersions& stored, const SweepConfig& now,
                         const std::string& file);
/// The same text of the own programs that this strategy asks; empty where it asks none.
std::string program_fingerprint(const SweepConfig& config, const std::string& strategy);

/// Throws DataError where a file that the settings name (dataset, weights, TorchScript, own
/// programs) cannot be read.
void check_inputs(const SweepConfig& config);

/// Checks that only the dataset can decide: the budget fits the pool, network and strategies answer
/// `task`
/// ("classification" | "segmentation"), there are two classes at least; and that settings fit
/// together; the same, and check_inputs(), for each combination of sweep.grid. Throws ConfigError.
void check_against_dataset(const SweepConfig& config, std::int64_t pool_size,
                           std::int64_t n_classes, const std::string& task);

/// The grid, in order: for each combination of sweep.grid (last key fastest), init, seed, strategy.
std::vector<TrialSpec> expand(const SweepConfig& config);

/// Every key with its default, what `protocol: reference` sets, allowed values and meaning: a
/// Markdown table.
std::string describe_config();

}  // namespace al_mpi
