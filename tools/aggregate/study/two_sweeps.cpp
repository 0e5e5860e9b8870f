#include "two_sweeps.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include "compare.hpp"

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/metrics.hpp>
#include <al_mpi/stats/unpaired_tests.hpp>

namespace al_mpi {
namespace {

/// What the panels of two sweeps are matched by: settings of sweep.grid, and initial set.
using PanelKey = std::pair<std::string, std::string>;

std::string words(const PanelKey& key) {
  return key.first.empty() ? key.second : key.second + " " + key.first;
}

struct Side {
  std::string path;
  Study study;
  std::vector<std::pair<PanelKey, Panel>> panels;  ///< those with values

  const Panel* find(const PanelKey& key) const {
    for (const auto& [name, panel] : panels) {
      if (name == key) return &panel;
    }
    return nullptr;
  }
};

std::string grid_of(const Study& study, std::size_t group) {
  for (const StudyTrial& trial : study.trials) {
    if (trial.group == group) return study.record(trial).spec.own_settings();
  }
  return "";
}

Side read_side(const std::string& path, const std::string& metric) {
  Side side;
  side.path = path;
  side.study = read_study({path}, {false, false});
  check_values(side.study);
  const std::vector<std::string> known = metrics_of(side.study);
  if (!metric.empty() && !position(known, metric)) {
    throw ConfigError("--metric", fmt::format("{} holds no finite '{}', but {}", path, metric,
                                              fmt::join(known, ", ")));
  }
  return side;
}

void add_panels(Side& side, const std::string& metric, BudgetUnit unit) {
  for (Panel& panel : panels_of(side.study, metric, unit)) {
    if (panel.labels.empty()) continue;
    side.panels.push_back({{grid_of(side.study, panel.group), panel.init}, std::move(panel)});
  }
}

/// Seed -> its score over a range of labels: the curve's mean height there (area), or its height at
/// the end of the range (final).
std::map<std::int64_t, double> scores_between(const Panel& panel, std::size_t strategy,
                                              Measure measure, double from, double to) {
  std::map<std::int64_t, double> scores;
  const auto curves = by_seed(panel, strategy);
  for (std::size_t seed = 0; seed < curves.size(); ++seed) {
    const auto& [labels, values] = curves[seed];
    const auto last = std::find(labels.begin(), labels.end(), to);
    double score = normalized_area(labels, values, measure == Measure::area ? from : to, to);
    if (measure == Measure::final && last != labels.end()) {
      score = values[static_cast<std::size_t>(last - labels.begin())];
    }
    if (!std::isnan(score)) scores[panel.seeds[seed]] = score;
  }
  return scores;
}

std::vector<double> values_of(const std::map<std::int64_t, double>& scores) {
  std::vector<double> values;
  for (const auto& [seed, value] : scores) values.push_back(value);
  return values;
}

Comparison unpaired(const std::vector<double>& b, const std::vector<double>& a,
                    const Analysis& all) {
  const WelchTest test = welch(b, a);
  Comparison c;
  c.t = {test.n_a + test.n_b, test.difference, test.statistic(), test.p};
  c.wilcoxon = {c.t.n, test.difference, missing, missing};
  c.interval = test.interval(1.0 - all.options.alpha);
  const Equivalence e = welch(oriented(b, all.lower_is_better), oriented(a, all.lower_is_better))
                            .equivalence(all.options.equivalence_margin);
  c.margin = {e.not_lower, e.not_higher, e.both};
  return c;
}

Change change_of(const std::map<std::int64_t, double>& a, const std::map<std::int64_t, double>& b,
                 bool same_data, const Analysis& all) {
  std::vector<double> shared_a, shared_b;
  for (const auto& [seed, value] : a) {
    const auto other = b.find(seed);
    if (other == b.end() || !same_data) continue;
    shared_a.push_back(value);
    shared_b.push_back(other->second);
  }
  Change change;
  change.paired = shared_a.size() >= 2;
  const std::vector<double> of_a = change.paired ? shared_a : values_of(a);
  const std::vector<double> of_b = change.paired ? shared_b : values_of(b);
  change.a = describe(of_a);
  change.b = describe(of_b);
  change.comparison =
      change.paired
          ? compare_scores(of_b, of_a, all, PairedBootstrap(of_a.size(), all.options.resamples))
          : unpaired(of_b, of_a, all);
  return change;
}

/// All strategies of two panels, one measure.
std::vector<Change> changes_of(const PanelKey& key, const Panel& a, const Panel& b, Measure measure,
                               bool same_data, const Analysis& all) {
  const double from = std::max(a.labels.front(), b.labels.front());
  const double to = std::min(a.labels.back(), b.labels.back());
  std::vector<Change> changes;
  if (from > to) return changes;
  std::vector<Comparison> rows;
  for (std::size_t s = 0; s < a.strategies.size(); ++s) {
    const auto other = position(b.strategies, a.strategies[s]);
    if (!other) continue;
    Change change = change_of(scores_between(a, s, measure, from, to),
                              scores_between(b, *other, measure, from, to), same_data, all);
    change.start = words(key);
    change.first_labels = from;
    change.last_labels = to;
    change.comparison.strategy = a.strategies[s];
    change.comparison.measure = measure;
    rows.push_back(change.comparison);
    changes.push_back(std::move(change));
  }
  adjust_by_holm(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) changes[i].comparison = rows[i];
  return changes;
}

/// What one side holds, as words: "random: margin_sampling, badge".
std::string contents(const Side& side) {
  std::string text;
  for (const auto& [key, panel] : side.panels) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", words(key),
                        fmt::join(panel.strategies, ", "));
  }
  return text;
}

/// What `side` holds and the other lacks.
void note_missing(const Side& side, const Side& other, char name, std::vector<std::string>& notes) {
  for (const auto& [key, panel] : side.panels) {
    const Panel* found = other.find(key);
    std::vector<std::string> alone;
    for (const std::string& strategy : panel.strategies) {
      if (found == nullptr || !position(found->strategies, strategy)) alone.push_back(strategy);
    }
    if (alone.empty()) continue;
    notes.push_back(fmt::format("only {} holds {}: {}", name, words(key), fmt::join(alone, ", ")));
  }
}

/// Joins both files into one group, so that they appear in the same tables and figures.
Study joined(const Side& a, const Side& b) {
  std::vector<ResultsTables> files;
  for (const auto& [side, letter] : {std::pair{&a, 'A'}, std::pair{&b, 'B'}}) {
    files.push_back(side->study.files.front());
    for (TrialRecord& record : files.back().trials) {
      record.spec.strategy = side_name(record.spec.strategy, letter);
    }
    files.back().attributes["name"] = "A and B";
    files.back().attributes["dataset_fingerprint"] = "both";
    files.back().attributes["settings_fingerprint"] = "both";
  }
  Study study = merge_study(std::move(files));
  study.files[0].attributes = a.study.files.front().attributes;
  study.files[1].attributes = b.study.files.front().attributes;
  return study;
}

}  // namespace

std::string side_name(const std::string& strategy, char side) {
  return fmt::format("{} [{}]", strategy, side);
}

TwoSweeps compare_sweeps(const std::string& path_a, const std::string& path_b,
                         const AnalysisOptions& options) {
  Side a = read_side(path_a, options.metric), b = read_side(path_b, options.metric);
  TwoSweeps result;
  result.analysis.options = options;
  result.analysis.metric = metric_of(a.study, options.metric);
  if (!position(metrics_of(b.study), result.analysis.metric)) {
    throw ConfigError("--metric", fmt::format("{} holds no finite '{}', but {}: name one that both "
                                              "have",
                                              path_b, result.analysis.metric,
                                              fmt::join(metrics_of(b.study), ", ")));
  }
  result.analysis.lower_is_better = metric_info(result.analysis.metric).lower_is_better;
  add_panels(a, result.analysis.metric, options.x);
  add_panels(b, result.analysis.metric, options.x);
  const bool same_data = a.study.files.front().attribute("dataset_fingerprint") ==
                         b.study.files.front().attribute("dataset_fingerprint");
  for (const auto& [key, panel] : a.panels) {
    const Panel* other = b.find(key);
    if (other == nullptr) continue;
    for (const Measure measure : {Measure::area, Measure::final}) {
      for (Change& change : changes_of(key, panel, *other, measure, same_data, result.analysis)) {
        result.changes.push_back(std::move(change));
      }
    }
  }
  if (result.changes.empty()) {
    throw DataError(path_b, "/trials",
                    fmt::format("shares no strategy, initial set and range of {} with {}: "
                                "there are {}; and here {}",
                                name_of(options.x), path_a, contents(a), contents(b)));
  }
  result.notes.push_back(fmt::format("A is {}, B is {}", path_a, path_b));
  note_missing(a, b, 'A', result.notes);
  note_missing(b, a, 'B', result.notes);
  if (!same_data) {
    result.notes.push_back(
        "the data sets differ: differences are of data and settings together, nothing is paired");
  }
  for (const Side* side : {&a, &b}) {
    if (!side->study.files.front().attribute("config").empty()) continue;
    result.notes.push_back(side->path + " holds no settings: what differs in them is not known");
  }
  result.settings = changed_settings(a.study.files.front(), b.study.files.front());
  result.joint = joined(a, b);
  return result;
}

}  // namespace al_mpi
