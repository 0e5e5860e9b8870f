#include "class_shares.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include "compare.hpp"

namespace al_mpi {
namespace {

/// For every trial of one file its position in study.trials; nothing where the study uses another
/// file's copy of the trial.
std::vector<std::optional<std::size_t>> used_trials(const Study& study, std::size_t file) {
  std::vector<std::optional<std::size_t>> used(study.files[file].trials.size());
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    if (study.trials[i].file == file) used[study.trials[i].trial] = i;
  }
  return used;
}

/// Calls fn(study trial, round, label) for every pick that has a label and belongs to a trial of
/// the study.
template <class Fn>
void each_pick(const Study& study, const Fn& fn) {
  for (std::size_t file = 0; file < study.files.size(); ++file) {
    const auto& picks = study.files[file].picks;
    const auto used = used_trials(study, file);
    for (std::size_t i = 0; i < picks.trial.size(); ++i) {
      const auto& trial = used[static_cast<std::size_t>(picks.trial[i])];
      if (!trial || picks.label[i] < 0) continue;
      fn(study.trials[*trial], static_cast<std::size_t>(picks.round[i]),
         static_cast<std::size_t>(picks.label[i]));
    }
  }
}

std::vector<std::string> class_names(const ResultsTables& file, std::size_t n) {
  std::vector<std::string> names = file.class_names;
  while (names.size() < n) names.push_back(fmt::format("class {}", names.size()));
  return names;
}

void normalize(std::vector<double>& counts) {
  const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
  if (sum == 0.0) counts.clear();
  for (double& count : counts) count /= sum;
}

}  // namespace

std::vector<ClassShares> class_shares(const Study& study) {
  std::vector<ClassShares> groups(study.groups.size());
  std::vector<std::size_t> n_classes(groups.size(), 0);
  for (const StudyTrial& trial : study.trials) {  // in catalogue order within an initial set
    ClassShares& g = groups[trial.group];
    g.dataset = study.groups[trial.group];
    const std::string& name = study.record(trial).spec.strategy;
    if (!position(g.strategies, name)) g.strategies.push_back(name);
    n_classes[trial.group] =
        std::max(n_classes[trial.group], study.files[trial.file].class_names.size());
  }
  for (ClassShares& g : groups) g.shares.resize(g.strategies.size());
  each_pick(study, [&](const StudyTrial& trial, std::size_t round, std::size_t label) {
    ClassShares& g = groups[trial.group];
    auto& rounds = g.shares[*position(g.strategies, study.record(trial).spec.strategy)];
    n_classes[trial.group] = std::max(n_classes[trial.group], label + 1);
    if (rounds.size() <= round) rounds.resize(round + 1);
    if (rounds[round].size() <= label)
      rounds[round].resize(std::max(label + 1, n_classes[trial.group]), 0.0);
    rounds[round][label] += 1.0;
  });
  std::vector<ClassShares> result;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    bool any = false;
    for (auto& rounds : groups[i].shares) {
      any = any || !rounds.empty();
      for (auto& counts : rounds) {
        counts.resize(n_classes[i], 0.0);
        normalize(counts);
      }
    }
    if (!any) continue;
    const auto of_group = std::find_if(study.trials.begin(), study.trials.end(),
                                       [&](const StudyTrial& t) { return t.group == i; });
    groups[i].classes = class_names(study.files[of_group->file], n_classes[i]);
    result.push_back(std::move(groups[i]));
  }
  return result;
}

ClassDistribution class_distribution(const Study& study, std::size_t group) {
  ClassDistribution result;
  double n_trials = 0.0;
  for (const StudyTrial& trial : study.trials) {
    if (trial.group != group) continue;
    const ResultsTables& file = study.files[trial.file];
    const auto counts = file.attributes.find("class_counts");
    if (counts != file.attributes.end() && result.counts.empty()) {
      std::istringstream stream(counts->second);
      for (double count = 0; stream >> count;) result.counts.push_back(count);
      result.of_pool = true;
    }
    if (result.classes.empty()) result.classes = file.class_names;
    ++n_trials;
  }
  if (!result.of_pool) {
    each_pick(study, [&](const StudyTrial& trial, std::size_t, std::size_t label) {
      if (trial.group != group) return;
      if (result.counts.size() <= label) result.counts.resize(label + 1, 0.0);
      result.counts[label] += 1.0 / n_trials;
    });
  }
  while (result.classes.size() < result.counts.size()) {
    result.classes.push_back(fmt::format("class {}", result.classes.size()));
  }
  result.counts.resize(result.counts.empty() ? 0 : result.classes.size(), 0.0);
  return result;
}

}  // namespace al_mpi
