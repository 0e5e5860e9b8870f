#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include "study.hpp"

#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

/// Each value of a set -> its position in ascending order.
template <class T>
std::map<T, std::size_t> positions(const std::set<T>& values) {
  std::map<T, std::size_t> result;
  for (const T& value : values) result.emplace(value, result.size());
  return result;
}

/// Trials of one group and initial set.
struct TrialRange {
  std::vector<StudyTrial>::const_iterator first, last;
  auto begin() const { return first; }
  auto end() const { return last; }
};

void count(TrialCounts& counts, TrialState state) {
  ++counts.planned;
  if (state == TrialState::done) ++counts.done;
  if (state == TrialState::failed || state == TrialState::quarantined) ++counts.failed;
}

/// The panel's axes: strategies (the range is in catalogue order), seeds, budgets.
void add_axes(Panel& panel, const Study& study, const TrialRange& range) {
  std::set<std::int64_t> seeds, labels;
  for (const StudyTrial& trial : range) {
    const TrialSpec& spec = study.record(trial).spec;
    if (panel.strategies.empty() || panel.strategies.back() != spec.strategy) {
      panel.strategies.push_back(spec.strategy);
      panel.trials.emplace_back();
    }
    count(panel.trials.back(), trial.state);
    seeds.insert(spec.seed);
    const auto first = study.files[trial.file].rounds.n_labeled.begin() +
                       static_cast<std::ptrdiff_t>(trial.first_row);
    labels.insert(first, first + static_cast<std::ptrdiff_t>(trial.n_rows));
  }
  panel.seeds.assign(seeds.begin(), seeds.end());
  panel.labels.assign(labels.begin(), labels.end());
}

void add_values(Panel& panel, const Study& study, const TrialRange& range,
                const std::string& metric) {
  panel.values.assign(panel.strategies.size(),
                      {panel.labels.size(), std::vector<double>(panel.seeds.size(), missing)});
  panel.measured.assign(panel.strategies.size(),
                        {panel.labels.size(), std::vector<bool>(panel.seeds.size(), false)});
  const auto seed_of = positions(std::set<std::int64_t>(panel.seeds.begin(), panel.seeds.end()));
  const auto budget_of = positions(std::set<double>(panel.labels.begin(), panel.labels.end()));
  std::size_t strategy = 0;
  for (const StudyTrial& trial : range) {
    const TrialSpec& spec = study.record(trial).spec;
    if (panel.strategies[strategy] != spec.strategy) ++strategy;
    const auto& rounds = study.files[trial.file].rounds;
    const auto column = rounds.metrics.find(metric);
    const std::size_t seed = seed_of.at(spec.seed);
    bool gappy = false;
    for (std::size_t row = trial.first_row; row < trial.first_row + trial.n_rows; ++row) {
      const std::size_t budget = budget_of.at(static_cast<double>(rounds.n_labeled[row]));
      panel.measured[strategy][budget][seed] = true;
      const double value = column == rounds.metrics.end() ? missing : column->second[row];
      if (std::isfinite(value)) panel.values[strategy][budget][seed] = value;
      gappy = gappy || !std::isfinite(value);
    }
    panel.trials[strategy].gappy += gappy ? 1 : 0;
  }
}

Panel panel_of(const Study& study, const std::string& metric, const TrialRange& range) {
  Panel panel;
  panel.group = range.first->group;
  panel.dataset = study.groups[panel.group];
  panel.init = study.record(*range.first).spec.init;
  add_axes(panel, study, range);
  add_values(panel, study, range, metric);
  return panel;
}

}  // namespace

std::vector<Panel> panels_of(const Study& study, const std::string& metric) {
  std::vector<Panel> panels;
  const auto same_panel = [&](const StudyTrial& a, const StudyTrial& b) {
    return a.group == b.group && study.record(a).spec.init == study.record(b).spec.init;
  };
  for (auto first = study.trials.begin(); first != study.trials.end();) {
    const auto last = std::find_if(first, study.trials.end(),
                                   [&](const StudyTrial& t) { return !same_panel(*first, t); });
    panels.push_back(panel_of(study, metric, {first, last}));
    first = last;
  }
  return panels;
}

std::vector<LabelCurve> by_seed(const Panel& panel, std::size_t strategy) {
  std::vector<LabelCurve> curves(panel.seeds.size());
  for (std::size_t budget = 0; budget < panel.labels.size(); ++budget) {
    for (std::size_t seed = 0; seed < panel.seeds.size(); ++seed) {
      if (!panel.measured[strategy][budget][seed]) continue;
      curves[seed].labels.push_back(panel.labels[budget]);
      curves[seed].values.push_back(panel.values[strategy][budget][seed]);
    }
  }
  return curves;
}

bool has_rounds(const Panel& panel, std::size_t strategy, std::size_t budget) {
  const std::vector<bool>& seeds = panel.measured[strategy][budget];
  return std::find(seeds.begin(), seeds.end(), true) != seeds.end();
}

std::string to_string(const TrialCounts& counts) {
  std::string text = fmt::format("{}/{}", counts.done, counts.planned);
  if (counts.failed > 0) text += fmt::format(", {} failed", counts.failed);
  if (counts.gappy > 0) text += fmt::format(", {} with missing values", counts.gappy);
  return text;
}

}  // namespace al_mpi
