#include "tune.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <tuple>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "run_sweep.hpp"
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/results/reader.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// One combination, and what its seeds gave.
struct Candidate {
  std::map<std::string, std::string> settings;
  Sample accuracy, loss;

  bool complete = true;  ///< no seed failed (a high learning rate may diverge)

  auto rank() const {
    return std::make_tuple(!complete, -accuracy.mean, loss.mean);
  }  // smallest: best
};

void refuse_existing(const std::string& output) {
  refuse_to_overwrite(output, /*force=*/false, "--output", "tune overwrites nothing");
}

/// The configuration, if it can be tuned.
SweepConfig tunable(const TuneArguments& arguments) {
  refuse_existing(arguments.output);
  const SweepConfig config = load_config(arguments.sweep.config, arguments.sweep.overrides);
  if (!config.farm.engine.command.empty()) {
    throw ConfigError("farm.engine", "tune is for the networks of al_trial (leave it out)");
  }
  if (config.training.validation == 0) {
    throw ConfigError(
        "training.validation",
        "there is nothing to tune on (say how many labels, e.g. five times loop.n_init)");
  }
  if (!config.sweep.grid.empty()) {
    throw ConfigError("sweep.grid", "tune makes a grid of its own (leave it out)");
  }
  return config;
}

/// How long to train, as part of a grid: epochs, or the steps that they make in each round of the
/// sweep to tune (not of the one round tried here); nothing where the steps are given.
std::string efforts(const std::vector<std::int64_t>& wanted, const SweepConfig& config) {
  const TrainingOptions& training = config.training;
  if (training.steps > 0) return "";
  std::vector<std::int64_t> epochs = wanted;
  if (epochs.empty()) {
    epochs = {std::max<std::int64_t>(1, training.epochs / 2), training.epochs, 2 * training.epochs};
  }
  epochs.erase(std::unique(epochs.begin(), epochs.end()), epochs.end());
  if (training.steps == 0) {
    return fmt::format(", training.epochs: [{}]", fmt::join(epochs, ", "));
  }
  std::vector<std::int64_t> steps;
  SweepConfig candidate = config;
  for (const std::int64_t n : epochs) {
    candidate.training.epochs = n;
    steps.push_back(steps_a_round(candidate));
  }
  return fmt::format(", training.steps: [{}]", fmt::join(steps, ", "));
}

/// The sweep that tries every combination: the initial set only, trained and validated.
SweepArguments tuning_sweep(const TuneArguments& arguments, const SweepConfig& config) {
  const std::string grid =
      fmt::format("training.learning_rate: [{}], training.weight_decay: [{}]{}",
                  fmt::join(arguments.learning_rates, ", "),
                  fmt::join(arguments.weight_decays, ", "), efforts(arguments.epochs, config));
  SweepArguments sweep = arguments.sweep;
  const std::string file = fs::path(config.results.file).replace_extension(".tune.h5").string();
  for (const std::string& setting :
       {std::string("loop.n_rounds=0"), std::string("loop.diagnostics=none"),
        std::string("sweep.strategies=[random_sampling]"),
        fmt::format("sweep.inits=[{}]", config.sweep.inits.front()), "sweep.grid={" + grid + "}",
        std::string("sweep.target_ci=0"), "results.file=" + file}) {
    sweep.overrides.push_back(setting);
  }
  return sweep;
}

std::vector<Candidate> best_first(const SweepArguments& sweep) {
  const SweepConfig config = load_config(sweep.config, sweep.overrides);
  const ResultsTables results = read_results(config.results.file, {false, false});
  std::map<std::string, std::size_t> row_of;  // trial -> its one round
  for (std::size_t row = 0; row < results.rounds.trial.size(); ++row) {
    row_of[results.trials[static_cast<std::size_t>(results.rounds.trial[row])].spec.key()] = row;
  }
  const auto value = [&](const TrialSpec& spec, const std::string& metric) {
    const auto row = row_of.find(spec.key());
    return row == row_of.end() ? missing : results.rounds.metrics.at(metric)[row->second];
  };
  using Values = std::vector<double>;
  std::map<std::map<std::string, std::string>, std::pair<Values, Values>> values;
  for (const TrialSpec& spec : expand(config)) {  // the file may hold more than this grid
    values[spec.settings].first.push_back(value(spec, "validation_accuracy"));
    values[spec.settings].second.push_back(value(spec, "validation_loss"));
  }
  std::vector<Candidate> candidates;
  for (const auto& [settings, found] : values) {
    const Sample accuracy = describe(found.first);
    candidates.push_back(
        {settings, accuracy, describe(found.second), accuracy.n == found.first.size()});
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank() < b.rank(); });
  return candidates;
}

void print_table(const std::vector<Candidate>& candidates) {
  for (const auto& [key, value] : candidates.front().settings) fmt::print("{:<24}", key);
  fmt::print("{:>12}{:>8}{:>12}{:>8}\n", "accuracy", "std", "loss", "seeds");
  for (const Candidate& candidate : candidates) {
    for (const auto& [key, value] : candidate.settings) fmt::print("{:<24}", value);
    fmt::print("{:>12.4f}{:>8.4f}{:>12.4f}{:>8}\n", candidate.accuracy.mean, candidate.accuracy.std,
               candidate.loss.mean, candidate.accuracy.n);
  }
}

}  // namespace

CLI::App* add_tune(CLI::App& app, TuneArguments& arguments) {
  CLI::App* verb = app.add_subcommand(
      "tune",
      "learning rate, weight decay and epochs by the validation labels at the starting budget");
  verb->add_option("config", arguments.sweep.config, "configuration with training.validation")
      ->required()
      ->type_name("CONFIG");
  verb->add_option("overrides", arguments.sweep.overrides, "settings that win over the file")
      ->type_name("key.path=value");
  verb->add_option("--output,-o", arguments.output, "configuration to write, not to overwrite")
      ->required()
      ->type_name("FILE");
  verb->add_option("--learning-rates", arguments.learning_rates, "values to try")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--weight-decays", arguments.weight_decays, "values to try")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--epochs", arguments.epochs,
                   "values to try; half, once and twice CONFIG's if not given")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::PositiveNumber);
  verb->add_option("--workers", arguments.sweep.workers, "trials at once, a rank")
      ->check(CLI::PositiveNumber);
  return verb;
}

ExitCode tune(const TuneArguments& arguments, bool under_mpi, int rank, int& argc, char**& argv) {
  const SweepConfig config = tunable(arguments);
  SweepArguments sweep = tuning_sweep(arguments, config);
  sweep.tells_what_next = false;
  const ExitCode code = run_sweep(sweep, under_mpi, argc, argv);
  if (rank > 0 || (code != ExitCode::ok && code != ExitCode::failed_trials)) return code;
  const std::vector<Candidate> candidates = best_first(sweep);
  print_table(candidates);
  if (!candidates.front().complete) return code;
  const std::map<std::string, std::string>& chosen = candidates.front().settings;
  refuse_existing(arguments.output);
  write_file_atomically(arguments.output, to_yaml(with_settings(config, chosen)));
  std::string what;
  for (const auto& [key, value] : chosen)
    what += fmt::format("{}{}={}", what.empty() ? "" : ", ", key, value);
  fmt::print("{} holds {}\n", arguments.output, what);
  return ExitCode::ok;
}

}  // namespace al_mpi
