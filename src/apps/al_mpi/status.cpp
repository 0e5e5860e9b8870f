#include "status.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/farm/engine_process.hpp>
#include <al_mpi/results/store.hpp>
#include <al_mpi/sweep/progress.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

constexpr std::array states = {TrialState::pending, TrialState::running, TrialState::done,
                               TrialState::failed, TrialState::quarantined};

std::unique_ptr<ResultsStore> open_to_read(const std::string& file) {
  if (!ResultsStore::stored_provenance(file))
    throw DataError(file, "", "no sweep has been started here");
  StoreOptions options;
  options.file = file;
  options.read_only = true;
  return ResultsStore::open(options, {}, {});
}

int count(const ResultsStore& store, TrialState state) {
  const auto& trials = store.trials();
  return static_cast<int>(
      std::count_if(trials.begin(), trials.end(),
                    [&](const TrialRecord& trial) { return trial.state == state; }));
}

int n_left(const ResultsStore& store) {
  return count(store, TrialState::pending) + count(store, TrialState::running);
}

int n_failed(const ResultsStore& store) {
  return count(store, TrialState::failed) + count(store, TrialState::quarantined);
}

ExitCode code_of(const ResultsStore& store) {
  if (n_left(store) > 0) return ExitCode::unfinished;
  return n_failed(store) > 0 ? ExitCode::failed_trials : ExitCode::ok;
}

long n_rounds(const ResultsStore& store) {
  long rounds = 0;
  for (const TrialRecord& trial : store.trials()) rounds += store.rounds_done(trial.spec.trial);
  return rounds;
}

void print_json(const ResultsStore& store, const std::string& file, bool all) {
  nlohmann::json status;
  for (const TrialState state : states) status[name_of(state)] = count(store, state);
  status["trials"] = store.trials().size();
  status["rounds"] = n_rounds(store);
  status["exit_code"] = static_cast<int>(code_of(store));
  status["next"] = what_next(file, n_left(store), n_failed(store));
  if (all) status["list"] = store.trials();
  fmt::print("{}\n", status.dump(2));
}

void print_trial(const ResultsStore& store, const TrialRecord& trial) {
  fmt::print("{:5}  {:11}  {:3} rounds  {:2} attempts  {}{}\n", trial.spec.trial,
             name_of(trial.state), store.rounds_done(trial.spec.trial), trial.attempts,
             trial.spec.key(), trial.error.empty() ? "" : ": " + trial.error);
}

void print_text(const ResultsStore& store, const std::string& file, bool all) {
  std::string text;
  for (const TrialState state : states) {
    if (const int n = count(store, state); n > 0) text += fmt::format("{} {}, ", n, name_of(state));
  }
  fmt::print("{}: {} trials: {}{} rounds stored\n", file, store.trials().size(), text,
             n_rounds(store));
  for (const TrialRecord& trial : store.trials()) {
    const bool bad = trial.state == TrialState::failed || trial.state == TrialState::quarantined;
    if (all || bad) print_trial(store, trial);
  }
  fmt::print("{}\n", what_next(file, n_left(store), n_failed(store)));
}

int find_trial(const ResultsStore& store, const std::string& wanted) {
  for (const TrialRecord& trial : store.trials()) {
    if (trial.spec.key() == wanted || std::to_string(trial.spec.trial) == wanted)
      return trial.spec.trial;
  }
  throw ConfigError(
      "", fmt::format("no trial '{}' (give a number below {} or a key as `status --all` prints it)",
                      wanted, store.trials().size()));
}

/// The part of a worker's log that an attempt wrote: from its mark to the next one.
std::string log_of_attempt(const std::string& file, int trial, int attempt) {
  namespace fs = std::filesystem;
  const std::string mark = fmt::format("--- trial {} attempt {} ---\n", trial, attempt);
  std::error_code none;
  for (const auto& log : fs::directory_iterator(fs::path(file).replace_extension(".logs"), none)) {
    const std::string text = log_tail(log.path().string(), std::size_t{16} << 20);
    const std::size_t at = text.rfind(mark);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + mark.size();
    const std::string part = text.substr(begin, text.find("--- trial ", begin) - begin);
    return fmt::format("{}:\n{}", log.path().string(),
                       part.substr(part.size() - std::min<std::size_t>(part.size(), 4000)));
  }
  return "";
}

/// Which strategy picks in which round of a trial of `schedule`; empty for others.
std::string rounds_of_strategies(const std::string& file, const TrialSpec& trial) {
  if (trial.strategy != "schedule") return "";
  const SweepConfig config = parse_config(ResultsStore::stored_provenance(file)->config_yaml, file);
  if (!config.farm.engine.command.empty()) return "";
  return describe_schedule(with_settings(config, trial.settings));
}

}  // namespace

SweepStatus sweep_status(const std::string& file) {
  SweepStatus status;
  if (!ResultsStore::stored_provenance(file)) return status;
  const auto store = open_to_read(file);
  status.code = code_of(*store);
  status.rounds = n_rounds(*store);
  for (const TrialRecord& trial : store->trials()) {
    status.attempts += store->blamed(trial.spec.trial) + (trial.state == TrialState::done ? 1 : 0);
  }
  return status;
}

ExitCode show_status(const StatusArguments& arguments) {
  const std::string extension = std::filesystem::path(arguments.file).extension().string();
  const bool is_config = extension == ".yaml" || extension == ".yml";
  const std::string file =
      is_config ? load_config(arguments.file, arguments.overrides).results.file : arguments.file;
  const auto store = open_to_read(file);
  if (arguments.json) {
    print_json(*store, file, arguments.all);
  } else {
    print_text(*store, file, arguments.all);
  }
  return arguments.exit_code ? code_of(*store) : ExitCode::ok;
}

ExitCode explain_trial(const std::string& file, const std::string& wanted) {
  const auto store = open_to_read(file);
  const TrialRecord& trial = store->trials()[static_cast<std::size_t>(find_trial(*store, wanted))];
  print_trial(*store, trial);
  const std::string schedule = rounds_of_strategies(file, trial.spec);
  if (!schedule.empty()) fmt::print("  picks by {}\n", schedule);
  for (const auto& attempt : store->attempts(trial.spec.trial)) {
    fmt::print("  attempt {}: {} after {} on {} ({}, rank {}), {:%Y-%m-%d %H:%M:%S} UTC{}\n",
               attempt.attempt, attempt.outcome, human_duration(attempt.seconds), attempt.host,
               attempt.device, attempt.rank, fmt::gmtime(static_cast<std::time_t>(attempt.started)),
               attempt.message.empty() ? "" : "\n    " + attempt.message);
  }
  const std::string log = log_of_attempt(file, trial.spec.trial, trial.attempts);
  if (!log.empty()) fmt::print("{}", log);
  return ExitCode::ok;
}

}  // namespace al_mpi
