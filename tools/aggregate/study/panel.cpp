#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>
#include "study.hpp"

#include <al_mpi/base/error.hpp>
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

/// What a trial had spent in each of its rounds, ascending.
std::vector<double> spent(const Study& study, const StudyTrial& trial, BudgetUnit unit) {
  const ResultsTables& file = study.files[trial.file];
  const auto costs = file.rounds.metrics.find("cost");
  std::vector<double> budgets;
  for (std::size_t row = trial.first_row; row < trial.first_row + trial.n_rows; ++row) {
    budgets.push_back(static_cast<double>(file.rounds.n_labeled[row]));
    if (unit == BudgetUnit::labels || costs == file.rounds.metrics.end()) continue;
    if (std::isfinite(costs->second[row])) budgets.back() = costs->second[row];
  }
  const bool grows =
      std::adjacent_find(budgets.begin(), budgets.end(), std::greater_equal<>()) == budgets.end();
  if (unit == BudgetUnit::cost && !grows) {
    throw DataError(file.path, "/rounds",
                    fmt::format("the cost of trial {} does not grow from round to round (--x "
                                "labels does without)",
                                study.record(trial).spec.key()));
  }
  return budgets;
}

/// `n` budgets evenly from where the last trial begins to where the first finished one ends (any
/// one, where none has finished); none where the trials do not overlap.
std::vector<double> common_budgets(const std::vector<std::vector<double>>& of_trials,
                                   const std::vector<std::vector<double>>& of_finished,
                                   std::size_t n) {
  double first = 0, last = std::numeric_limits<double>::infinity();
  for (const auto& budgets : of_trials) first = std::max(first, budgets.front());
  for (const auto& budgets : of_finished.empty() ? of_trials : of_finished) {
    last = std::min(last, budgets.back());
  }
  if (first > last) return {};
  if (first == last) return {first};
  std::vector<double> budgets;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    budgets.push_back(first + (last - first) * static_cast<double>(i) / static_cast<double>(n - 1));
  }
  budgets.push_back(last);
  return budgets;
}

/// Those of all trials together, as long as they share them or labels are counted; else
/// common_budgets().
void add_budgets(Panel& panel, const Study& study, const TrialRange& range, BudgetUnit unit) {
  std::set<double> all;
  std::vector<std::vector<double>> of_trials, of_finished;
  std::size_t most = 0;
  for (const StudyTrial& trial : range) {
    const std::vector<double> budgets = spent(study, trial, unit);
    if (budgets.empty()) continue;
    all.insert(budgets.begin(), budgets.end());
    most = std::max(most, budgets.size());
    of_trials.push_back(budgets);
    if (trial.state == TrialState::done) of_finished.push_back(budgets);
  }
  panel.interpolated = unit == BudgetUnit::cost && all.size() > most;
  panel.labels = panel.interpolated ? common_budgets(of_trials, of_finished, most)
                                    : std::vector<double>(all.begin(), all.end());
}

/// The panel's axes: strategies (the range is in catalogue order), seeds, budgets.
void add_axes(Panel& panel, const Study& study, const TrialRange& range, BudgetUnit unit) {
  std::set<std::int64_t> seeds;
  for (const StudyTrial& trial : range) {
    const TrialSpec& spec = study.record(trial).spec;
    if (panel.strategies.empty() || panel.strategies.back() != spec.strategy) {
      panel.strategies.push_back(spec.strategy);
      panel.trials.emplace_back();
    }
    count(panel.trials.back(), trial.state);
    seeds.insert(spec.seed);
  }
  panel.seeds.assign(seeds.begin(), seeds.end());
  add_budgets(panel, study, range, unit);
}

/// The value at a budget between two rounds of `budgets`; NaN beside a round that has none.
double value_at(double budget, const std::vector<double>& budgets,
                const std::vector<double>& values) {
  const auto after = std::lower_bound(budgets.begin(), budgets.end(), budget);
  const auto i = static_cast<std::size_t>(after - budgets.begin());
  if (*after == budget) return values[i];
  const double share = (budget - budgets[i - 1]) / (budgets[i] - budgets[i - 1]);
  return values[i - 1] + share * (values[i] - values[i - 1]);
}

/// A metric in each round of a trial, NaN where it is missing or infinite.
std::vector<double> values_of(const Study& study, const StudyTrial& trial,
                              const std::string& metric) {
  const auto& metrics = study.files[trial.file].rounds.metrics;
  const auto column = metrics.find(metric);
  std::vector<double> values(trial.n_rows, missing);
  for (std::size_t i = 0; i < values.size() && column != metrics.end(); ++i) {
    const double value = column->second[trial.first_row + i];
    if (std::isfinite(value)) values[i] = value;
  }
  return values;
}

void add_values(Panel& panel, const Study& study, const TrialRange& range,
                const std::string& metric, BudgetUnit unit) {
  panel.values.assign(panel.strategies.size(),
                      {panel.labels.size(), std::vector<double>(panel.seeds.size(), missing)});
  panel.measured.assign(panel.strategies.size(),
                        {panel.labels.size(), std::vector<bool>(panel.seeds.size(), false)});
  const auto seed_of = positions(std::set<std::int64_t>(panel.seeds.begin(), panel.seeds.end()));
  std::size_t strategy = 0;
  for (const StudyTrial& trial : range) {
    const TrialSpec& spec = study.record(trial).spec;
    if (panel.strategies[strategy] != spec.strategy) ++strategy;
    const std::vector<double> budgets = spent(study, trial, unit);
    const std::vector<double> values = values_of(study, trial, metric);
    const std::size_t seed = seed_of.at(spec.seed);
    for (std::size_t i = 0; i < panel.labels.size(); ++i) {
      const double budget = panel.labels[i];
      const bool reached =
          !budgets.empty() && budgets.front() <= budget && budget <= budgets.back();
      const bool is_round = std::binary_search(budgets.begin(), budgets.end(), budget);
      if (!(panel.interpolated ? reached : is_round)) continue;
      panel.measured[strategy][i][seed] = true;
      panel.values[strategy][i][seed] = value_at(budget, budgets, values);
    }
    const bool gappy =
        std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
    panel.trials[strategy].gappy += gappy ? 1 : 0;
  }
}

Panel panel_of(const Study& study, const std::string& metric, BudgetUnit unit,
               const TrialRange& range) {
  Panel panel;
  panel.group = range.first->group;
  panel.dataset = study.groups[panel.group];
  panel.init = study.record(*range.first).spec.init;
  add_axes(panel, study, range, unit);
  add_values(panel, study, range, metric, unit);
  return panel;
}

}  // namespace

std::vector<Panel> panels_of(const Study& study, const std::string& metric, BudgetUnit unit) {
  std::vector<Panel> panels;
  const auto same_panel = [&](const StudyTrial& a, const StudyTrial& b) {
    return a.group == b.group && study.record(a).spec.init == study.record(b).spec.init;
  };
  for (auto first = study.trials.begin(); first != study.trials.end();) {
    const auto last = std::find_if(first, study.trials.end(),
                                   [&](const StudyTrial& t) { return !same_panel(*first, t); });
    panels.push_back(panel_of(study, metric, unit, {first, last}));
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
