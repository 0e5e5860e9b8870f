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

/// Section `farm`: how trials are run. None of it changes results, except the kind of device and
/// an engine of one's own.
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
      "results/sweep.h5";       ///< the one results file; journal and checkpoints lie beside it
  std::string networks;         ///< folder that keeps each trial's final network; empty = none
  bool save_scores = false;     ///< acquisition scores of the whole pool, in NAME.scores/
  double snapshot_every = 30;   ///< seconds between two rebuilds of the file, >= 0
  std::int64_t thumbnails = 0;  ///< pictures of each strategy's first and last query; 0 = none
};

/// Sets of defaults; `reference` has those of the published study.
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

/// Reads a YAML file and applies overrides "section.key=value"; later ones win. Throws ConfigError
/// with the path of the key: unknown key (with the nearest known one), wrong type, value out of
/// range, unknown strategy. The file, unlike an override, may not place results.file or
/// results.networks outside the current folder; that is a ConfigError, too.
SweepConfig load_config(const std::string& path, const std::vector<std::string>& overrides = {});
/// load_config() from YAML text; `origin` names the text in messages.
SweepConfig parse_config(const std::string& yaml, const std::string& origin,
                         const std::vector<std::string>& overrides = {});
/// `config` with more settings on top ("section.key" -> value), such as the own settings of a
/// trial.
SweepConfig with_settings(const SweepConfig& config,
                          const std::map<std::string, std::string>& settings);

/// Optimiser steps that each round of a trial makes; 0 = training.epochs passes over the round's
/// labelled set. With equal effort (training.steps: -1) every round makes as many steps as `epochs`
/// passes over the mean labelled set of the trial's rounds: early rounds then train as long as late
/// ones, and the whole trial takes as long as with passes.
std::int64_t steps_a_round(const SweepConfig& config);

/// Every key with its resolved value, as YAML that load_config() reads back to the same.
std::string to_yaml(const SweepConfig& config);

/// 16 hex digits over the settings that results depend on. sweep.strategies, inits and seeds are
/// left out (the grid may grow), and so are the sections farm and results.
std::string settings_fingerprint(const SweepConfig& config);
/// The settings that results depend on, and those of the dataset, as a JSON object with their paths
/// as names: {"training.epochs": 15, ...}.
std::string settings_json(const SweepConfig& config);
/// The differences between two configurations in farm.device and in the keys that the fingerprint
/// covers: "training.epochs: 15 in the results file, 20 now". A device `auto` agrees with any
/// other.
std::vector<std::string> differing_settings(const SweepConfig& stored, const SweepConfig& now);

/// Throws ConfigError with the differing keys where `stored_yaml`, the configuration in the results
/// file `file`, has other settings than `now`.
void check_same_settings(const std::string& stored_yaml, const SweepConfig& now,
                         const std::string& file);

/// Own programs as a results file stores them: "engine" or "external_NAME" -> a text with the words
/// of the program's command and the hashes of its files.
using ProgramVersions = std::vector<std::pair<std::string, std::string>>;
/// The versions of the own programs that the sweep uses.
ProgramVersions program_versions(const SweepConfig& config);
/// Throws ConfigError where the results file `file` was made with other programs than `now` names:
/// another engine, or another program for an own strategy that is used. `stored` are the versions
/// that the file holds.
void check_same_programs(const ProgramVersions& stored, const SweepConfig& now,
                         const std::string& file);
/// The texts of program_versions() of the own programs that `strategy` runs; empty where it runs
/// none.
std::string program_fingerprint(const SweepConfig& config, const std::string& strategy);

/// Throws DataError where a file that the settings name (dataset, weights, TorchScript, own
/// programs) cannot be read.
void check_inputs(const SweepConfig& config);

/// Height and width of a dataset's images [pixels].
struct ImageSize {
  std::int64_t height = 0, width = 0;
};

/// Checks settings against the dataset: the budget fits the pool of `pool_size` images, network and
/// strategies can do `task` ("classification" | "segmentation"), regions divide the images, and
/// there are at least two classes. Checks, too,
/// that the settings fit together, and repeats all this and check_inputs() for each combination of
/// sweep.grid. Throws ConfigError.
void check_against_dataset(const SweepConfig& config, std::int64_t pool_size,
                           std::int64_t n_classes, const std::string& task, ImageSize images = {});

/// Whether a strategy, or a stage of it, heeds query.cost: it ranks by scores, or is an own one
/// that needs costs.
bool looks_at_costs(const SweepConfig& config, const std::string& strategy);

/// The grid, in order: for each combination of sweep.grid (last key fastest), init, seed, strategy.
std::vector<TrialSpec> expand(const SweepConfig& config);

/// Which strategy query.schedule asks in which round: "typiclust in rounds 1 to 3, margin_sampling
/// from round 4 on".
std::string describe_schedule(const SweepConfig& config);

/// A Markdown table of every key: its default, its default under `protocol: reference`, allowed
/// values and meaning.
std::string describe_config();

}  // namespace al_mpi
