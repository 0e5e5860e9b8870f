#include "study.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/catalog/metrics.hpp>

namespace al_mpi {
namespace {

/// Position in a catalogue; unknown names (of a newer version) come last, in alphabetical order.
std::pair<std::size_t, std::string> rank_in(const std::vector<StrategyInfo>& catalog,
                                            const std::string& name) {
  const auto found = std::find_if(catalog.begin(), catalog.end(),
                                  [&](const StrategyInfo& info) { return info.name == name; });
  return {static_cast<std::size_t>(found - catalog.begin()), name};
}

std::string own_settings(const TrialSpec& spec) {
  std::string text;
  for (const auto& [key, value] : spec.settings) text += fmt::format(" {}={}", key, value);
  return text;
}

/// What trials must share to be compared; without fingerprints a file stands alone.
std::string identity(const ResultsTables& file, const TrialSpec& spec) {
  const std::string data = file.attribute("dataset_fingerprint");
  const std::string settings = file.attribute("settings_fingerprint");
  const std::string name = data.empty() && settings.empty() ? file.path : data + "/" + settings;
  return name + own_settings(spec);
}

std::string unique_label(std::string label, const std::vector<std::string>& taken) {
  const std::string base = label;
  for (int i = 2; std::find(taken.begin(), taken.end(), label) != taken.end(); ++i) {
    label = fmt::format("{} ({})", base, i);
  }
  return label;
}

/// Labels files by their names, groups them by their fingerprints.
class Grouping {
 public:
  explicit Grouping(std::vector<std::string>& labels) : labels_(labels) {}

  std::size_t group(const ResultsTables& file, const TrialSpec& spec) {
    const auto [found, is_new] = known_.emplace(identity(file, spec), labels_.size());
    if (is_new) {
      const std::string name = file.attribute("name");
      const std::string stem = std::filesystem::path(file.path).stem().string();
      labels_.push_back(unique_label((name.empty() ? stem : name) + own_settings(spec), labels_));
    }
    return found->second;
  }

 private:
  std::vector<std::string>& labels_;
  std::map<std::string, std::size_t> known_;
};

std::vector<StudyTrial> trials_of(const ResultsTables& file, std::size_t number,
                                  Grouping& grouping) {
  std::vector<StudyTrial> trials(file.trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    trials[i].file = number;
    trials[i].trial = i;
    trials[i].state = file.trials[i].state;
    trials[i].group = grouping.group(file, file.trials[i].spec);
  }
  const std::vector<std::int32_t>& rows = file.rounds.trial;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto index = static_cast<std::size_t>(rows[row]);
    if (rows[row] < 0 || index >= trials.size()) {
      throw DataError(file.path, "/rounds",
                      fmt::format("row {} names trial {} of {}", row, rows[row], trials.size()));
    }
    if (trials[index].n_rows++ == 0) trials[index].first_row = row;
  }
  return trials;
}

void note_states(Study& study) {
  for (std::size_t group = 0; group < study.groups.size(); ++group) {
    std::map<TrialState, int> states;
    int total = 0;
    for (const StudyTrial& trial : study.trials) {
      if (trial.group != group) continue;
      ++states[trial.state];
      ++total;
    }
    for (const auto& [state, count] : states) {
      if (state == TrialState::done) continue;
      study.notes.push_back(fmt::format("{}: {} of {} trials {} {}", study.groups[group], count,
                                        total, count == 1 ? "is" : "are", name_of(state)));
    }
  }
}

auto order_key(const Study& study, const StudyTrial& trial) {
  const TrialSpec& spec = study.record(trial).spec;
  return std::make_tuple(trial.group, rank_in(init_catalog(), spec.init),
                         rank_in(strategy_catalog(), spec.strategy), spec.seed);
}

/// Keeps each trial once: the copy with more rounds, the earlier file where they are equal.
void drop_doubled(Study& study) {
  std::vector<StudyTrial> kept;
  for (const StudyTrial& trial : study.trials) {
    if (kept.empty() || order_key(study, kept.back()) != order_key(study, trial)) {
      kept.push_back(trial);
      continue;
    }
    const StudyTrial before = kept.back();
    if (trial.n_rows > before.n_rows) kept.back() = trial;
    study.notes.push_back(fmt::format("trial {} is in {} and in {}: the one in {} is used",
                                      study.record(trial).spec.key(), study.files[before.file].path,
                                      study.files[trial.file].path,
                                      study.files[kept.back().file].path));
  }
  study.trials = std::move(kept);
}

/// One name must be one program: an own strategy's results of two programs are not averaged.
void check_own_strategies(const Study& study) {
  std::map<std::pair<std::size_t, std::string>, std::pair<std::string, std::string>> known;
  for (const StudyTrial& trial : study.trials) {
    const ResultsTables& file = study.files[trial.file];
    const std::string& strategy = study.record(trial).spec.strategy;
    const std::string program = file.attribute("version_external_" + strategy);
    if (program.empty()) continue;
    const auto [found, is_new] =
        known.try_emplace({trial.group, strategy}, std::make_pair(program, file.path));
    if (is_new || found->second.first == program) continue;
    throw DataError(file.path, "",
                    fmt::format("its strategy {} is another program than that of {} (look at the "
                                "files one by one, or give one of the two another name)",
                                strategy, found->second.second));
  }
}

}  // namespace

Study merge_study(std::vector<ResultsTables> files) {
  Study study;
  study.files = std::move(files);
  Grouping grouping(study.groups);
  for (std::size_t i = 0; i < study.files.size(); ++i) {
    const std::vector<StudyTrial> trials = trials_of(study.files[i], i, grouping);
    study.trials.insert(study.trials.end(), trials.begin(), trials.end());
    if (trials.empty()) study.notes.push_back(study.files[i].path + ": holds no trials yet");
  }
  std::stable_sort(study.trials.begin(), study.trials.end(),
                   [&](const StudyTrial& a, const StudyTrial& b) {
                     return order_key(study, a) < order_key(study, b);
                   });
  check_own_strategies(study);
  drop_doubled(study);
  note_states(study);
  return study;
}

Study read_study(const std::vector<std::string>& paths, const ReadWhat& what) {
  std::vector<ResultsTables> files;
  for (const std::string& path : paths) files.push_back(read_results(path, what));
  return merge_study(std::move(files));
}

std::vector<std::string> metrics_of(const Study& study) {
  std::set<std::string> present;
  for (const ResultsTables& file : study.files) {
    for (const auto& [name, column] : file.rounds.metrics) {
      if (std::any_of(column.begin(), column.end(), [](double v) { return std::isfinite(v); })) {
        present.insert(name);
      }
    }
  }
  std::vector<std::string> names(present.begin(), present.end());
  sort_metrics(names);
  return names;
}

void check_values(const Study& study) {
  std::size_t rounds = 0;
  std::string files;
  for (const ResultsTables& file : study.files) {
    rounds += file.rounds.trial.size();
    files += (files.empty() ? "" : ", ") + file.path;
  }
  if (rounds == 0 || !metrics_of(study).empty()) return;
  throw DataError(files, "/rounds",
                  fmt::format("{} trials, {} rounds, but no metric holds a finite number: all are "
                              "NaN or infinite",
                              study.trials.size(), rounds));
}

std::string metric_of(const Study& study, const std::string& name) {
  const std::vector<std::string> known = metrics_of(study);
  const auto has = [&](const std::string& wanted) {
    return std::find(known.begin(), known.end(), wanted) != known.end();
  };
  if (!name.empty()) {
    if (!has(name)) {
      throw ConfigError("--metric", fmt::format("the results hold no finite '{}'{}", name,
                                                did_you_mean(name, known)));
    }
    return name;
  }
  const bool pixels = !study.files.empty() && study.files.front().task == "segmentation";
  if (pixels && has("mean_iou")) return "mean_iou";
  if (has("accuracy") || known.empty()) return "accuracy";
  const auto measured = std::find_if(known.begin(), known.end(), [](const std::string& metric) {
    return !metric_info(metric).wall_clock;
  });
  return measured != known.end() ? *measured : known.front();
}

}  // namespace al_mpi
