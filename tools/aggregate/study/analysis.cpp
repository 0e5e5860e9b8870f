#include "analysis.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include "compare.hpp"
#include "savings.hpp"

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/catalog/metrics.hpp>
#include <al_mpi/stats/power.hpp>

namespace al_mpi {
namespace {

/// Sums up the strategies of a panel.
class Summarizer {
 public:
  Summarizer(const PanelAnalysis& analysis, const Analysis& all, const PairedBootstrap& bootstrap)
      : panel_(analysis.panel), split_(analysis.split), all_(all), bootstrap_(bootstrap) {}

  StrategySummary operator()(std::size_t strategy) const {
    StrategySummary s;
    s.strategy = panel_.strategies[strategy];
    s.trials = panel_.trials[strategy];
    for (const auto& seeds : panel_.values[strategy]) s.rounds.push_back(spread(seeds));
    s.final = s.rounds.empty() ? spread({}) : s.rounds.back();
    s.area = spread(per_seed(panel_, strategy, Measure::area));
    add_phases(s, strategy);
    add_drops(s, strategy);
    return s;
  }

 private:
  Spread spread(const std::vector<double>& seeds) const {
    if (seeds.empty()) return {describe(seeds), {missing, missing}};
    return {describe(seeds), bootstrap_.mean(seeds, 1.0 - all_.options.alpha)};
  }

  void add_phases(StrategySummary& s, std::size_t strategy) const {
    std::vector<double> before, after;
    for (const auto& curve : by_seed(panel_, strategy)) {
      before.push_back(normalized_area(curve.labels, curve.values, panel_.labels.front(), split_));
      after.push_back(normalized_area(curve.labels, curve.values, split_, panel_.labels.back()));
    }
    s.ramp_up = describe(before);
    s.plateau = describe(after);
  }

  void add_drops(StrategySummary& s, std::size_t strategy) const {
    std::vector<double> counts;
    for (const auto& curve : by_seed(panel_, strategy)) {
      if (describe(curve.values).n == 0) continue;
      const Drops d = drops(oriented(curve.values, all_.lower_is_better));
      counts.push_back(d.count);
      s.largest_drop = std::max(s.largest_drop, d.largest);
    }
    s.drops = describe(counts);
  }

  const Panel& panel_;
  double split_;
  const Analysis& all_;
  const PairedBootstrap& bootstrap_;
};

/// The labels at which the ramp-up ends: there the baseline's mean curve (without a baseline: the
/// mean over strategies) has made most of its rise. So all strategies of a panel are split at the
/// same place.
double phase_split(const Panel& panel, const Analysis& all) {
  std::vector<double> curve(panel.labels.size());
  const auto baseline = position(panel.strategies, all.options.baseline);
  for (std::size_t budget = 0; budget < curve.size(); ++budget) {
    std::vector<double> means;
    for (std::size_t s = 0; s < panel.strategies.size(); ++s) {
      if (!baseline || *baseline == s) means.push_back(describe(panel.values[s][budget]).mean);
    }
    curve[budget] = describe(means).mean;
  }
  return ramp_up_end(panel.labels, oriented(curve, all.lower_is_better), all.options.ramp_up_share);
}

/// The resamples of a panel. They depend only on the numbers of seeds and of resamples, so panels
/// and metrics share them.
const PairedBootstrap& bootstrap_of(const Panel& panel, const Analysis& all) {
  static std::map<std::pair<std::size_t, std::size_t>, PairedBootstrap> made;
  const std::size_t n = panel.seeds.size(), resamples = all.options.resamples;
  return made.try_emplace({n, resamples}, n, resamples).first->second;
}

PanelAnalysis summarize_panel(Panel panel, const Analysis& all) {
  PanelAnalysis result;
  result.panel = std::move(panel);
  result.split = phase_split(result.panel, all);
  const Summarizer summarize_strategy(result, all, bootstrap_of(result.panel, all));
  for (std::size_t s = 0; s < result.panel.strategies.size(); ++s) {
    result.strategies.push_back(summarize_strategy(s));
  }
  return result;
}

void add_tests(PanelAnalysis& result, const Analysis& all) {
  const PairedBootstrap& bootstrap = bootstrap_of(result.panel, all);
  for (const Measure measure : {Measure::area, Measure::final}) {
    const auto rows = compare_with_baseline(result.panel, all, measure, bootstrap);
    result.comparisons.insert(result.comparisons.end(), rows.begin(), rows.end());
    result.power.push_back(power_statement(result.panel, all, measure));
  }
  result.savings = savings_of(result.panel, all, bootstrap);
}

void check_baseline(const Study& study, Analysis& analysis) {
  const std::string& baseline = analysis.options.baseline;
  std::vector<std::string> known;
  for (const StudyTrial& trial : study.trials) {
    const std::string& name = study.record(trial).spec.strategy;
    if (!position(known, name)) known.push_back(name);
  }
  if (position(known, baseline) || known.empty()) return;
  if (baseline != AnalysisOptions().baseline) {
    throw ConfigError("--baseline", fmt::format("the results hold no '{}'{}", baseline,
                                                did_you_mean(baseline, known)));
  }
  analysis.notes.push_back("no trials of " + baseline +
                           ": there are no comparisons with a baseline (--baseline names another)");
}

/// Names the first three seeds of a strategy that have rounds without a value, with the number of
/// such rounds and the budget of the first.
std::string gaps_of(const Panel& panel, std::size_t strategy, BudgetUnit unit) {
  std::string text;
  int named = 0;
  const std::vector<LabelCurve> curves = by_seed(panel, strategy);
  for (std::size_t seed = 0; seed < curves.size(); ++seed) {
    std::vector<double> where;
    for (std::size_t i = 0; i < curves[seed].values.size(); ++i) {
      if (std::isnan(curves[seed].values[i])) where.push_back(curves[seed].labels[i]);
    }
    if (where.empty()) continue;
    if (++named > 3) return text + "; ...";
    text += fmt::format("{}seed {} at {} of {} rounds (first: {})", text.empty() ? "" : "; ",
                        panel.seeds[seed], where.size(), curves[seed].values.size(),
                        budget_text(where.front(), unit));
  }
  return text;
}

void note_gaps(const PanelAnalysis& result, Analysis& analysis) {
  const Panel& panel = result.panel;
  for (std::size_t s = 0; s < panel.strategies.size(); ++s) {
    if (panel.trials[s].gappy == 0) continue;
    analysis.notes.push_back(fmt::format(
        "{} / {} / {}: {} of {} seeds lack values of {}: {}; they have no AULC, and means there "
        "are over the others",
        panel.dataset, panel.init, panel.strategies[s], panel.trials[s].gappy, panel.seeds.size(),
        analysis.metric, gaps_of(panel, s, analysis.options.x)));
  }
}

void note_unequal_budgets(const PanelAnalysis& result, Analysis& analysis) {
  for (std::size_t s = 0; s < result.strategies.size(); ++s) {
    const auto& rounds = result.strategies[s].rounds;
    if (rounds.empty()) continue;
    const std::vector<bool>& last = result.panel.measured[s].back();
    const auto n = static_cast<std::size_t>(std::count(last.begin(), last.end(), true));
    if (n == last.size()) continue;
    analysis.notes.push_back(
        fmt::format("{} / {} / {}: {} of {} seeds reach {}; means at a budget are over the "
                    "seeds that reached it",
                    result.panel.dataset, result.panel.init, result.panel.strategies[s], n,
                    last.size(), budget_text(result.panel.labels.back(), analysis.options.x)));
  }
}

}  // namespace

std::string budget_text(double budget, BudgetUnit unit) {
  return unit == BudgetUnit::cost ? fmt::format("a cost of {:g}", budget)
                                  : fmt::format("{:.0f} labels", budget);
}

std::string axis_title(BudgetUnit unit) {
  return unit == BudgetUnit::cost ? "cost of the labels" : "labelled samples";
}

std::string to_string(Measure measure) {
  return measure == Measure::area ? "AULC" : "final";
}

namespace {

bool has_values(const Panel& panel) {
  for (const auto& budgets : panel.values) {
    for (const auto& seeds : budgets) {
      if (describe(seeds).n > 0) return true;
    }
  }
  return false;
}

}  // namespace

Analysis summarize(const Study& study, const AnalysisOptions& options) {
  Analysis analysis;
  analysis.options = options;
  analysis.notes = study.notes;
  analysis.metric = metric_of(study, options.metric);
  analysis.lower_is_better = metric_info(analysis.metric).lower_is_better;
  for (Panel& panel : panels_of(study, analysis.metric, options.x)) {
    if (panel.labels.empty()) {
      analysis.notes.push_back(
          fmt::format("{} / {}: {}", panel.dataset, panel.init,
                      panel.interpolated ? "there is no cost that all trials have spent; left out"
                                         : "no round has finished yet"));
    } else if (!has_values(panel)) {
      analysis.notes.push_back(fmt::format("{} / {}: no round has a finite {}; left out",
                                           panel.dataset, panel.init, analysis.metric));
    } else {
      analysis.panels.push_back(summarize_panel(std::move(panel), analysis));
    }
  }
  return analysis;
}

namespace {

void note_interpolation(const Panel& panel, Analysis& analysis) {
  if (!panel.interpolated) return;
  analysis.notes.push_back(fmt::format(
      "{} / {}: trials have spent different costs; values are read from their curves, linear "
      "between rounds, at {} costs from {:g} to {:g}, which all finished trials have spent",
      panel.dataset, panel.init, panel.labels.size(), panel.labels.front(), panel.labels.back()));
}

}  // namespace

Analysis analyze(const Study& study, const AnalysisOptions& options) {
  Analysis analysis = summarize(study, options);
  check_baseline(study, analysis);
  for (PanelAnalysis& panel : analysis.panels) {
    add_tests(panel, analysis);
    note_interpolation(panel.panel, analysis);
    note_gaps(panel, analysis);
    note_unequal_budgets(panel, analysis);
  }
  analysis.groups = analyze_groups(analysis);
  for (const GroupAnalysis& group : analysis.groups) {
    if (group.left_out.empty()) continue;
    analysis.notes.push_back(fmt::format(
        "{}: no trial of {} reached the last budget; left out of ranks and penalty matrices",
        group.dataset, fmt::join(group.left_out, ", ")));
  }
  return analysis;
}

double sum_of_mean_stds(const Panel& panel) {
  double sum = 0.0;
  for (std::size_t budget = 0; budget < panel.labels.size(); ++budget) {
    std::vector<double> stds;
    for (const auto& strategy : panel.values) stds.push_back(population_std(strategy[budget]));
    sum += describe(stds).mean;
  }
  return sum;
}

double mean_of_last(const Panel& panel) {
  std::vector<double> means;
  for (const auto& strategy : panel.values) means.push_back(describe(strategy.back()).mean);
  return describe(means).mean;
}

}  // namespace al_mpi
