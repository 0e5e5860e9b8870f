#include "table_records.hpp"

#include <cstdlib>

#include <nlohmann/json.hpp>

#include <al_mpi/base/hash.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

json opened(const ResultsTables& tables) {
  std::vector<std::pair<std::string, std::string>> versions;
  for (const auto& [name, value] : tables.attributes) {
    if (name.rfind("version_", 0) == 0) versions.emplace_back(name.substr(8), value);
  }
  return {{"type", "opened"},
          {"version", 1},
          {"time", std::strtod(tables.attribute("created_seconds").c_str(), nullptr)},
          {"config", tables.attribute("config")},
          {"settings", tables.attribute("settings_fingerprint")},
          {"dataset", tables.attribute("dataset_fingerprint")},
          {"task", tables.task},
          {"classes", tables.class_names},
          {"versions", versions}};
}

json started(const ResultsTables::Attempt& attempt, const TrialRecord& trial) {
  return {{"type", "started"},        {"key", trial.spec.key()}, {"attempt", attempt.attempt},
          {"rank", attempt.rank},     {"host", attempt.host},    {"device", attempt.device},
          {"threads", trial.threads}, {"time", attempt.started}};
}

json ended(const ResultsTables::Attempt& attempt, const TrialRecord& trial, int n_rounds) {
  json record = {{"type", "ended"},
                 {"key", trial.spec.key()},
                 {"attempt", attempt.attempt},
                 {"outcome", attempt.outcome},
                 {"message", attempt.message},
                 {"seconds", attempt.seconds}};
  const bool given_up = trial.state == TrialState::failed || trial.state == TrialState::quarantined;
  if (given_up && attempt.attempt == trial.attempts) record["verdict"] = name_of(trial.state);
  if (attempt.outcome == "done") record["rounds"] = n_rounds;
  return record;
}

}  // namespace

void for_each_round(const ResultsTables& tables,
                    const std::function<void(const RoundRecord&)>& visit) {
  const auto& rounds = tables.rounds;
  const auto& picks = tables.picks;
  const std::size_t n = rounds.trial.size();
  const auto row_of = [n](const auto& values, std::size_t i) {
    const std::size_t size = values.size() / n;
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * size);
    return std::decay_t<decltype(values)>(first, first + static_cast<std::ptrdiff_t>(size));
  };
  std::size_t pick = 0;
  for (std::size_t i = 0; i < n; ++i) {
    RoundRecord record;
    record.trial = rounds.trial[i];
    record.key = tables.trials[static_cast<std::size_t>(record.trial)].spec.key();
    record.round = rounds.round[i];
    record.n_labeled = rounds.n_labeled[i];
    for (const auto& [name, values] : rounds.metrics) record.metrics.emplace_back(name, values[i]);
    if (i < rounds.weights_hash.size() && rounds.weights_hash[i] != 0)
      record.weights_hash = to_hex(rounds.weights_hash[i]);
    record.confusion = row_of(tables.confusion, i);
    record.calibration = row_of(tables.calibration, i);
    for (; pick < picks.trial.size() && picks.trial[pick] == record.trial &&
           picks.round[pick] == record.round;
         ++pick) {
      record.picks.push_back({picks.index[pick], picks.label[pick], picks.score[pick]});
    }
    visit(record);
  }
}

std::vector<json> records_of(const ResultsTables& tables) {
  std::vector<json> records = {opened(tables)};
  for (const TrialRecord& trial : tables.trials) {
    records.push_back(trial.spec);
    records.back()["type"] = "plan";
  }
  std::vector<int> n_rounds(tables.trials.size(), 0);
  for_each_round(tables, [&](const RoundRecord& record) {
    records.push_back(record);
    records.back()["type"] = "round";
    ++n_rounds[static_cast<std::size_t>(record.trial)];
  });
  for (const auto& attempt : tables.attempts) {
    const auto trial = static_cast<std::size_t>(attempt.trial);
    records.push_back(started(attempt, tables.trials[trial]));
    if (attempt.outcome == "running") continue;
    records.push_back(ended(attempt, tables.trials[trial], n_rounds[trial]));
  }
  return records;
}

}  // namespace al_mpi
