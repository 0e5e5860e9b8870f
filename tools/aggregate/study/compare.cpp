#include "compare.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/stats/penalty.hpp>
#include <al_mpi/stats/power.hpp>

namespace al_mpi {
namespace {

constexpr double point = 0.01;  // one percentage point of a metric in [0, 1]

/// Student's interval at 1 - 2 alpha, which corresponds to two one-sided tests at alpha.
Interval narrow_interval(const Sample& differences, double alpha) {
  if (!(differences.std > 0.0) || alpha >= 0.5) return {missing, missing};
  const double half = half_width(differences, 1.0 - 2.0 * alpha);
  return {differences.mean - half, differences.mean + half};
}

/// The oracle with the best mean.
std::optional<std::size_t> best_oracle(const Panel& panel, Measure measure, bool lower_better) {
  std::optional<std::size_t> best;
  double highest = missing;
  for (std::size_t s = 0; s < panel.strategies.size(); ++s) {
    if (!is_oracle(panel.strategies[s])) continue;
    const double mean = oriented(describe(per_seed(panel, s, measure)).mean, lower_better);
    if (best && !(mean > highest)) continue;
    best = s;
    highest = std::isnan(mean) ? -std::numeric_limits<double>::infinity() : mean;
  }
  return best;
}

/// The smallest true difference that `n` seeds show with 80 % power: the inverse of seeds_needed().
double resolved_difference(std::size_t n, double std, double alpha) {
  if (n < 2 || !(std > 0.0)) return missing;
  double low = 0.0, high = std * 100.0;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (paired_t_power(n, middle, std, alpha) < PowerOptions().power ? low : high) = middle;
  }
  return high;
}

/// A panel's curves in the order of the group's strategies, higher = better; absent ones all NaN.
StrategyCurves aligned(const Panel& panel, const GroupAnalysis& group, bool lower_better) {
  const std::vector<std::vector<double>> absent(panel.labels.size(),
                                                std::vector<double>(panel.seeds.size(), missing));
  StrategyCurves curves;
  for (const std::string& name : group.strategies) {
    const auto found = position(panel.strategies, name);
    curves.push_back(found ? panel.values[*found] : absent);
    if (!lower_better) continue;
    for (auto& seeds : curves.back()) seeds = oriented(seeds, true);
  }
  return curves;
}

void add_matrix(std::vector<std::vector<int>>& sum, const std::vector<std::vector<int>>& matrix) {
  if (sum.empty()) sum.assign(matrix.size(), std::vector<int>(matrix.size(), 0));
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    for (std::size_t j = 0; j < matrix.size(); ++j) sum[i][j] += matrix[i][j];
  }
}

/// Blocks of scores, higher = better, and the seed of each.
struct Blocks {
  std::vector<std::vector<double>> scores;
  std::vector<std::int64_t> seeds;
};

/// One block a seed: the strategies' scores, in their order.
void add_blocks(Blocks& blocks, const Panel& panel, const std::vector<std::string>& strategies,
                const Analysis& all, Measure measure) {
  const std::size_t first = blocks.scores.size();
  blocks.scores.resize(first + panel.seeds.size(), std::vector<double>(strategies.size(), missing));
  blocks.seeds.insert(blocks.seeds.end(), panel.seeds.begin(), panel.seeds.end());
  for (std::size_t s = 0; s < strategies.size(); ++s) {
    const auto found = position(panel.strategies, strategies[s]);
    if (!found) continue;
    const std::vector<double> scores = per_seed(panel, *found, measure);
    for (std::size_t seed = 0; seed < scores.size(); ++seed) {
      blocks.scores[first + seed][s] = oriented(scores[seed], all.lower_is_better);
    }
  }
}

/// The strategies of all panels. `finished`: only those that have an area, because a strategy
/// without any area would leave no block complete.
std::vector<std::string> strategies_with(const std::vector<const Panel*>& panels, bool finished) {
  std::vector<std::string> names;
  for (const Panel* panel : panels) {
    for (std::size_t s = 0; s < panel->strategies.size(); ++s) {
      if (position(names, panel->strategies[s])) continue;
      if (finished && describe(per_seed(*panel, s, Measure::area)).n == 0) continue;
      names.push_back(panel->strategies[s]);
    }
  }
  return names;
}

GroupAnalysis analyze_group(const std::vector<const Panel*>& panels, const Analysis& all) {
  GroupAnalysis group;
  group.dataset = panels.front()->dataset;
  group.strategies = strategies_with(panels, true);
  if (group.strategies.empty()) group.strategies = strategies_with(panels, false);
  for (const std::string& name : strategies_with(panels, false)) {
    if (!position(group.strategies, name)) group.left_out.push_back(name);
  }
  std::copy_if(group.strategies.begin(), group.strategies.end(),
               std::back_inserter(group.contenders),
               [](const std::string& name) { return !is_oracle(name); });
  Blocks areas, finals, contender_areas, contender_finals;
  for (const Panel* panel : panels) {
    const StrategyCurves curves = aligned(*panel, group, all.lower_is_better);
    add_matrix(group.penalty, penalty_matrix(curves, {all.options.alpha, false}));
    add_matrix(group.penalty_holm, penalty_matrix(curves, {all.options.alpha, true}));
    group.budgets += static_cast<int>(panel->labels.size());
    add_blocks(areas, *panel, group.strategies, all, Measure::area);
    add_blocks(finals, *panel, group.strategies, all, Measure::final);
    add_blocks(contender_areas, *panel, group.contenders, all, Measure::area);
    add_blocks(contender_finals, *panel, group.contenders, all, Measure::final);
  }
  group.ranks_area = friedman(areas.scores);
  group.ranks_final = friedman(finals.scores);
  group.stability_area = rank_stability(contender_areas.scores, contender_areas.seeds);
  group.stability_final = rank_stability(contender_finals.scores, contender_finals.seeds);
  const auto difference = [&](const Friedman& ranks) {
    return nemenyi_critical_difference(group.strategies.size(), ranks.blocks, all.options.alpha);
  };
  group.critical_difference = difference(group.ranks_area);
  group.critical_difference_final = difference(group.ranks_final);
  return group;
}

}  // namespace

std::optional<std::size_t> position(const std::vector<std::string>& names,
                                    const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

double oriented(double value, bool lower_better) {
  return lower_better ? -value : value;
}
std::vector<double> oriented(std::vector<double> values, bool lower_better) {
  for (double& value : values) value = oriented(value, lower_better);
  return values;
}

std::vector<double> per_seed(const Panel& panel, std::size_t strategy, Measure measure) {
  if (panel.labels.empty()) return {};
  if (measure == Measure::final) return panel.values[strategy].back();
  std::vector<double> areas;
  for (const auto& curve : by_seed(panel, strategy)) {
    areas.push_back(
        normalized_area(curve.labels, curve.values, panel.labels.front(), panel.labels.back()));
  }
  return areas;
}

Comparison compare_scores(const std::vector<double>& strategy, const std::vector<double>& baseline,
                          const Analysis& all, const PairedBootstrap& bootstrap) {
  Comparison row;
  row.t = paired_t(strategy, baseline);
  row.wilcoxon = wilcoxon_signed_rank(strategy, baseline);
  const std::vector<double> d = differences(strategy, baseline);
  const double std = describe_differences(strategy, baseline).std;
  row.interval =
      std > 0.0 ? bootstrap.mean(d, 1.0 - all.options.alpha) : Interval{missing, missing};
  row.effect = hedges_g(strategy, baseline);
  row.seeds = win_tie_loss(strategy, baseline);
  if (all.lower_is_better) std::swap(row.seeds.win, row.seeds.loss);
  const Equivalence e =
      equivalence(oriented(strategy, all.lower_is_better), oriented(baseline, all.lower_is_better),
                  all.options.equivalence_margin);
  row.margin = {e.not_lower, e.not_higher, e.both};
  row.narrow = narrow_interval(describe_differences(strategy, baseline), all.options.alpha);
  row.seeds_1pt = seeds_needed(point, std, {all.options.alpha});
  row.seeds_2pt = seeds_needed(2 * point, std, {all.options.alpha});
  return row;
}

void adjust_by_holm(std::vector<Comparison>& rows) {
  const auto adjust = [&](const auto& raw, const auto& adjusted) {
    std::vector<double> p;
    for (Comparison& row : rows) p.push_back(raw(row));
    p = holm(p);
    for (std::size_t i = 0; i < rows.size(); ++i) adjusted(rows[i]) = p[i];
  };
  using Row = Comparison;
  adjust([](Row& r) { return r.t.p; }, [](Row& r) -> double& { return r.t_holm; });
  adjust([](Row& r) { return r.wilcoxon.p; }, [](Row& r) -> double& { return r.wilcoxon_holm; });
  for (const auto which :
       {&Row::Margin::no_worse, &Row::Margin::no_better, &Row::Margin::equivalent}) {
    adjust([&](Row& r) { return r.margin.*which; },
           [&](Row& r) -> double& { return r.margin_holm.*which; });
  }
}

std::vector<Comparison> compare_with_baseline(const Panel& panel, const Analysis& all,
                                              Measure measure, const PairedBootstrap& bootstrap) {
  std::vector<Comparison> rows;
  const auto baseline = position(panel.strategies, all.options.baseline);
  if (!baseline) return rows;
  const std::vector<double> reference = per_seed(panel, *baseline, measure);
  for (std::size_t s = 0; s < panel.strategies.size(); ++s) {
    if (s == *baseline) continue;
    rows.push_back(compare_scores(per_seed(panel, s, measure), reference, all, bootstrap));
    rows.back().strategy = panel.strategies[s];
    rows.back().measure = measure;
  }
  if (const auto oracle = best_oracle(panel, measure, all.lower_is_better)) {
    const std::vector<double> bound = per_seed(panel, *oracle, measure);
    for (Comparison& row : rows) {
      const auto s = position(panel.strategies, row.strategy);
      row.oracle = share_of_gain(per_seed(panel, *s, measure), reference, bound,
                                 all.lower_is_better, 1.0 - all.options.alpha, bootstrap);
      row.oracle.oracle = panel.strategies[*oracle];
    }
  }
  adjust_by_holm(rows);
  return rows;
}

std::string shown_by(const Comparison& c, const Analysis& all) {
  const double alpha = all.options.alpha;
  if (std::isnan(c.t_holm)) return "-";
  std::string shown;
  if (c.t_holm < alpha) {
    shown = oriented(c.t.difference, all.lower_is_better) > 0.0 ? "better" : "worse";
  }
  if (c.margin_holm.equivalent < alpha)
    return shown.empty() ? "equivalent" : shown + ", equivalent";
  if (!shown.empty()) return shown;
  if (c.margin_holm.no_better < alpha) return "no better";
  return c.margin_holm.no_worse < alpha ? "no worse" : "open";
}

PowerStatement power_statement(const Panel& panel, const Analysis& all, Measure measure) {
  PowerStatement result;
  result.measure = measure;
  std::vector<std::vector<double>> scores;
  for (std::size_t s = 0; s < panel.strategies.size(); ++s) {
    scores.push_back(per_seed(panel, s, measure));
  }
  std::vector<double> stds;
  for (std::size_t a = 0; a < scores.size(); ++a) {
    for (std::size_t b = a + 1; b < scores.size(); ++b) {
      stds.push_back(describe_differences(scores[a], scores[b]).std);
    }
  }
  result.median_std = median(stds);
  result.seeds_1pt = seeds_needed(point, result.median_std, {all.options.alpha});
  result.seeds_2pt = seeds_needed(2 * point, result.median_std, {all.options.alpha});
  result.resolved = resolved_difference(panel.seeds.size(), result.median_std, all.options.alpha);
  return result;
}

std::vector<GroupAnalysis> analyze_groups(const Analysis& all) {
  std::vector<GroupAnalysis> groups;
  std::vector<const Panel*> panels;
  for (std::size_t i = 0; i < all.panels.size(); ++i) {
    panels.push_back(&all.panels[i].panel);
    if (i + 1 < all.panels.size() && all.panels[i + 1].panel.group == panels.front()->group)
      continue;
    groups.push_back(analyze_group(panels, all));
    panels.clear();
  }
  return groups;
}

}  // namespace al_mpi
