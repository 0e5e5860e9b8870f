#include "sweep_state.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/trial/engine_line.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

// Larger numbers are damage, not data.
constexpr int max_round = 100000;
constexpr int max_attempt = 10000;

/// Seconds since the epoch, up to the year 5138.
double time_of(const json& record) {
  const double time = record.at("time").get<double>();
  if (!(time >= 0.0 && time < 1e11)) throw DataError("journal", "time", "is out of range");
  return time;
}

std::string without_time(json record) {
  record.erase("time");
  return record.dump();
}

int checked_number(int number, int smallest, int largest, const char* what) {
  if (number < smallest || number > largest) {
    throw DataError("journal", what, fmt::format("{} is out of range", number));
  }
  return number;
}

using Versions = decltype(Provenance::versions);

/// Adds those of `more` whose names are new: own strategies may join later.
void add_versions(Versions& versions, const Versions& more) {
  for (const auto& [name, version] : more) {
    const bool known = std::any_of(versions.begin(), versions.end(),
                                   [&](const auto& other) { return other.first == name; });
    if (!known) versions.emplace_back(name, version);
  }
}

/// The K of K x K numbers. Throws DataError where they are no square.
std::size_t side_of(std::size_t n_cells) {
  std::size_t k = 0;
  while (k * k < n_cells) ++k;
  if (k * k == n_cells) return k;
  throw DataError("JSON", "confusion", fmt::format("{} numbers are no square matrix", n_cells));
}

}  // namespace

void SweepState::apply(const json& record) {
  try {
    const auto type = record.at("type").get<std::string>();
    if (type == "round") {
      add_round(record.get<RoundRecord>());
    } else if (type == "plan") {
      trial_of(record.get<TrialSpec>().key());
    } else if (type == "started") {
      started(record);
    } else if (type == "ended") {
      ended(record);
    } else if (type == "forgiven") {
      const int trial = trial_of(record.at("key").get<std::string>());
      int& forgiven = histories_[index(trial)].forgiven;
      forgiven = std::max(forgiven, int_field(record, "attempts"));
      refresh(trial);
    } else if (type == "opened") {
      opened(record);
    } else {
      throw DataError("journal", "", fmt::format("unknown record type '{}'", type));
    }
  } catch (const json::exception& error) {
    throw DataError("journal", "", error.what());
  }
}

void SweepState::apply_text(std::string_view text) {
  if (is_round_line(text)) {  // nearly all records are rounds
    add_round(parse_round(text));
    return;
  }
  const json record = json::parse(text, nullptr, false);
  if (!record.is_object()) throw DataError("journal", "", "a record is no JSON object");
  apply(record);
}

void SweepState::opened(const json& record) {
  if (int_field(record, "version") != 1) throw DataError("journal", "", "made by a later version");
  const double time = time_of(record);
  last_opened_ = without_time(record);
  auto versions = record.at("versions").get<Versions>();
  if (provenance_ && created_ <= time) return add_versions(provenance_->versions, versions);
  if (provenance_) add_versions(versions, provenance_->versions);
  Provenance provenance;
  provenance.config_yaml = record.at("config").get<std::string>();
  provenance.settings_fingerprint = record.at("settings").get<std::string>();
  provenance.dataset_fingerprint = record.at("dataset").get<std::string>();
  provenance.task = record.at("task").get<std::string>();
  provenance.class_names = record.at("classes").get<std::vector<std::string>>();
  provenance.class_counts = record.value("class_counts", provenance.class_counts);
  provenance.versions = std::move(versions);
  provenance_ = std::move(provenance);
  created_ = time;
}

void SweepState::started(const json& record) {
  const int number = checked_number(int_field(record, "attempt"), 1, max_attempt, "attempt");
  const int trial = trial_of(record.at("key").get<std::string>());
  ResultsTables::Attempt& entry = attempt(trial, number);
  entry.rank = int_field(record, "rank");
  entry.host = record.at("host").get<std::string>();
  entry.device = record.at("device").get<std::string>();
  entry.started = time_of(record);
  histories_[index(trial)].threads = int_field(record, "threads");
  if (entry.outcome.empty()) entry.outcome = "running";
  refresh(trial);
}

void SweepState::ended(const json& record) {
  const int number = checked_number(int_field(record, "attempt"), 1, max_attempt, "attempt");
  const int trial = trial_of(record.at("key").get<std::string>());
  ResultsTables::Attempt& entry = attempt(trial, number);
  if (entry.outcome == "done") return;
  entry.outcome = record.at("outcome").get<std::string>();
  entry.message = record.value("message", "");
  entry.seconds = record.at("seconds").get<double>();
  History& history = histories_[index(trial)];
  history.rounds_expected = std::max(history.rounds_expected,
                                     record.contains("rounds") ? int_field(record, "rounds") : -1);
  if (record.contains("verdict") && number >= history.given_up_at) {
    history.verdict = enum_of<TrialState>(record.at("verdict").get<std::string>(), "state");
    history.given_up_at = number;
  }
  refresh(trial);
}

bool SweepState::opened_alike(const json& record) const {
  return last_opened_ == without_time(record);
}

SweepState::Added SweepState::add_round(const RoundRecord& record) {
  const auto round = index(checked_number(record.round, 0, max_round, "round"));
  const std::size_t k = side_of(record.confusion.size());
  const std::size_t n_classes = provenance_ ? provenance_->class_names.size() : 0;
  if (k > 0 && n_classes > 0 && k != n_classes) {
    throw DataError("JSON", "confusion", fmt::format("{} x {} for {} classes", k, k, n_classes));
  }
  if (record.calibration.size() % 3 != 0) {
    throw DataError("JSON", "calibration",
                    fmt::format("{} numbers are no rows of three", record.calibration.size()));
  }
  const int trial = trial_of(record.key);
  History& history = histories_[index(trial)];
  std::vector<std::int64_t>& rows = history.rows;
  if (round < rows.size() && rows[round] >= 0) {
    const std::string contradiction = difference(rounds_.record(rows[round]), record);
    if (!contradiction.empty()) ++n_contradictions_;
    return {false, contradiction};
  }
  const std::int64_t row = rounds_.add(trial, record);
  if (rows.size() <= round) rows.resize(round + 1, -1);
  rows[round] = row;
  while (index(history.n_done) < rows.size() && rows[index(history.n_done)] >= 0) ++history.n_done;
  refresh(trial);
  return {true, ""};
}

int SweepState::find(const std::string& key) const {
  const auto found = numbers_.find(key);
  return found == numbers_.end() ? -1 : found->second;
}

int SweepState::trial_of(const std::string& key) {
  const int known = find(key);
  if (known >= 0) return known;
  const int trial = static_cast<int>(trials_.size());
  TrialRecord record;
  record.spec = TrialSpec::from_key(key);
  record.spec.trial = trial;
  trials_.push_back(std::move(record));
  histories_.emplace_back();
  numbers_.emplace(key, trial);
  return trial;
}

ResultsTables::Attempt& SweepState::attempt(int trial, int number) {
  auto& attempts = histories_[index(trial)].attempts;
  while (static_cast<int>(attempts.size()) < number) {
    ResultsTables::Attempt entry;
    entry.trial = trial;
    entry.attempt = static_cast<int>(attempts.size()) + 1;
    attempts.push_back(std::move(entry));
  }
  return attempts[index(number - 1)];
}

int SweepState::rounds_done(int trial) const {
  return histories_.at(index(trial)).n_done;
}

int SweepState::blamed(int trial) const {
  int n = 0;
  for (const auto& entry : attempts(trial)) {
    n += entry.outcome == "failed" && entry.attempt > histories_[index(trial)].forgiven;
  }
  return n;
}

void SweepState::refresh(int trial) {
  const History& history = histories_[index(trial)];
  TrialRecord& record = trials_[index(trial)];
  record.attempts = static_cast<int>(history.attempts.size());
  record.state = TrialState::pending;
  record.error.clear();
  if (history.attempts.empty()) return;
  const auto done = std::find_if(history.attempts.begin(), history.attempts.end(),
                                 [](const auto& entry) { return entry.outcome == "done"; });
  const bool complete =
      done != history.attempts.end() && rounds_done(trial) >= history.rounds_expected;
  const ResultsTables::Attempt& shown = complete ? *done : history.attempts.back();
  record.rank = shown.rank;
  record.host = shown.host;
  record.device = shown.device;
  record.threads = history.threads;
  record.started = shown.started;
  record.seconds = shown.seconds;
  if (complete) {
    record.state = TrialState::done;
  } else if (history.given_up_at > history.forgiven) {
    record.state = history.verdict;
    record.error = history.attempts[index(history.given_up_at - 1)].message;
  } else if (shown.outcome == "running") {
    record.state = TrialState::running;
  }
}

std::vector<std::string> SweepState::incomplete() const {
  std::vector<std::string> keys;
  for (const TrialRecord& record : trials_) {
    const History& history = histories_[index(record.spec.trial)];
    const int here = rounds_done(record.spec.trial);
    const bool gap = here < static_cast<int>(history.rows.size());
    if (gap || here < history.rounds_expected) keys.push_back(record.spec.key());
  }
  return keys;
}

std::vector<ShownTrial> SweepState::shown_trials() const {
  std::map<std::string, int> of_cell;
  for (const TrialRecord& record : trials_) {
    const TrialSpec& spec = record.spec;
    if (rounds_done(spec.trial) == 0) continue;
    const std::string cell = spec.own_settings() + spec.strategy + "/" + spec.init;
    int& shown = of_cell.emplace(cell, spec.trial).first->second;
    if (spec.seed < trials_[index(shown)].spec.seed) shown = spec.trial;
  }
  std::vector<ShownTrial> shown;
  for (const auto& [cell, trial] : of_cell) {
    shown.push_back({trials_[index(trial)].spec, {}});
    for (int round = 0; round < rounds_done(trial); ++round) {
      const auto picks = rounds_.picks(histories_[index(trial)].rows[index(round)]);
      shown.back().picks.emplace_back(picks.begin(), picks.end());
    }
  }
  return shown;
}

ResultsTables SweepState::tables() const {
  ResultsTables tables;
  tables.trials = trials_;
  for (const History& history : histories_) {
    tables.attempts.insert(tables.attempts.end(), history.attempts.begin(), history.attempts.end());
  }
  tables.complete = !trials_.empty() &&
                    std::all_of(trials_.begin(), trials_.end(), [](const TrialRecord& record) {
                      return record.state == TrialState::done;
                    });
  if (provenance_) {
    tables.task = provenance_->task;
    tables.class_names = provenance_->class_names;
  }
  if (tables.class_names.empty()) {  // an own engine's data: its classes are numbers
    for (std::size_t i = 0; i < side_of(rounds_.n_cells()); ++i)
      tables.class_names.push_back(std::to_string(i));
  }
  return tables;
}

}  // namespace al_mpi
