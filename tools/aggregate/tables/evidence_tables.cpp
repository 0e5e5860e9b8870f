#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include "tables.hpp"

#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

constexpr int digits = 4;

TableCell share_range(const Interval& interval) {
  return TableCell::range(interval.low, interval.high);
}

TableCell budget_range(const Analysis& analysis, const Panel& panel, const Interval& interval) {
  TableCell cell = TableCell::range(interval.low, interval.high);
  cell.decimals = budget_cell(analysis, panel, 0).decimals;
  return cell;
}

TableCell adjusted(double p, double alpha) {
  TableCell cell = TableCell::p_value(p);
  cell.strong = p < alpha;
  return cell;
}

/// The strategy's name, with a mark if it is an oracle, which sees labels that nobody bought.
std::string marked(const std::string& strategy) {
  return is_oracle(strategy) ? strategy + " (oracle)" : strategy;
}

std::string where(const Panel& panel) {
  return fmt::format("{} / {}", panel.dataset, panel.init);
}

/// A sentence that lists what is shown of which strategies, the better ones first: "...: better (a,
/// b); within 0.01 of it either way (c); open for 4: more seeds may tell."
std::string equivalence_sentence(const Analysis& analysis, const PanelAnalysis& p) {
  std::map<std::string, std::vector<std::string>> by_word;
  for (const Comparison& c : p.comparisons) {
    if (c.measure == Measure::area) by_word[shown_by(c, analysis)].push_back(marked(c.strategy));
  }
  const double margin = analysis.options.equivalence_margin;
  const std::pair<const char*, std::string> words[] = {
      {"better", "better"},
      {"better, equivalent", fmt::format("better, but by less than {:g}", margin)},
      {"equivalent", fmt::format("within {:g} of it either way", margin)},
      {"worse, equivalent", fmt::format("worse, but by less than {:g}", margin)},
      {"no better", fmt::format("no better by {:g} or more", margin)},
      {"no worse", fmt::format("no worse by {:g} or more", margin)},
      {"worse", "worse"}};
  std::string text;
  for (const auto& [word, meaning] : words) {
    const auto found = by_word.find(word);
    if (found == by_word.end()) continue;
    text +=
        fmt::format("{}{} ({})", text.empty() ? "" : "; ", meaning, fmt::join(found->second, ", "));
  }
  if (text.empty()) text = "for no strategy is anything shown";
  const std::size_t open = by_word["open"].size(), untested = by_word["-"].size();
  if (open > 0) text += fmt::format("; open for {}: more seeds may tell", open);
  if (untested > 0) text += fmt::format("; not testable for {}", untested);
  return fmt::format("{}: against {} in AULC, shown at level {:g}: {}.", where(p.panel),
                     analysis.options.baseline, analysis.options.alpha, text);
}

std::string percent(double share) {
  return fmt::format("{:.0f} %", 100.0 * share);
}

std::string stability_sentence(const GroupAnalysis& g) {
  const RankStability& s = g.stability_area;
  const auto top =
      static_cast<std::size_t>(std::find(s.places.begin(), s.places.end(), 1) - s.places.begin());
  const double one_out = s.one_left_out.first[top], halves = s.halves.first[top];
  return fmt::format(
      "{}: {} is first by AULC over {} seeds; it stays first in {} when one seed is left out, and "
      "in {} of the {} halves of the seeds: {}.",
      g.dataset, g.contenders[top], s.seeds,
      one_out == 1.0 ? "every case" : percent(one_out) + " of cases", percent(halves),
      s.halves.subsets,
      one_out == 1.0 && halves >= 0.95 ? "the first place does not hang on the choice of seeds"
                                       : "other seeds may put another strategy first");
}

/// A sentence on what the strategy with the largest saving saves, at one target.
std::string saving_sentence(const Analysis& analysis, const PanelAnalysis& p,
                            const std::vector<const Saving*>& at_target) {
  const Saving* best = nullptr;
  const Saving* baseline = nullptr;
  for (const Saving* s : at_target) {
    if (s->strategy == analysis.options.baseline) baseline = s;
    if (is_oracle(s->strategy)) continue;
    if (!std::isnan(s->labels) && (best == nullptr || s->labels < best->labels)) best = s;
  }
  const std::string what = fmt::format(
      "{}: {} {:.{}f}{}", where(p.panel), analysis.metric, at_target.front()->target, digits,
      at_target.front()->baseline_final
          ? fmt::format(" (the last of {})", analysis.options.baseline)
          : "");
  if (best == nullptr) return what + " is reached by no strategy's mean curve.";
  const auto budget = [&](double b) { return budget_cell(analysis, p.panel, b).shown(); };
  const bool labels = analysis.options.x == BudgetUnit::labels;
  std::string text = fmt::format("{} is reached first by {}, {}{}{}", what, best->strategy,
                                 labels ? "with " : "at a cost of ", budget(best->labels),
                                 labels ? " labels" : "");
  if (baseline == nullptr || best == baseline) return text + ".";
  if (std::isnan(baseline->labels)) {
    return text + fmt::format("; {} does not reach it within {}.", baseline->strategy,
                              budget(p.panel.labels.back()));
  }
  text += fmt::format(" where {} needs {}: {} saved", baseline->strategy, budget(baseline->labels),
                      percent(best->saved_share));
  const Interval& i = best->saved_share_interval;
  if (!std::isnan(i.low)) {
    text += fmt::format(" ({:g} % interval: {} to {})", 100.0 * (1.0 - analysis.options.alpha),
                        std::isinf(i.low) ? "unknown" : percent(i.low), percent(i.high));
  }
  return text + ".";
}

}  // namespace

Table equivalence_table(const Analysis& analysis) {
  const double alpha = analysis.options.alpha;
  Table table{
      "equivalence",
      fmt::format(
          "Is the difference from {} in {} smaller than {:g}? Two one-sided paired t-tests (TOST) "
          "against that margin, over n seeds: 'no worse' is shown where being worse by the margin "
          "or more is rejected, 'no better' likewise, 'equivalent' where both are; Holm over the "
          "strategies of an initial set, bold below {:g}. The {:g} % interval (Student) lies "
          "within "
          "the margin where both tests reject without Holm. 'shown' joins this with the t-test of "
          "the comparisons; 'open' means that neither is shown, which is no evidence of "
          "equality.",
          analysis.options.baseline, analysis.metric, analysis.options.equivalence_margin, alpha,
          100.0 * (1.0 - 2.0 * alpha)),
      {"dataset", "init", "strategy", "measure", "n", "difference", "narrow interval",
       "p equivalent", "Holm no worse", "Holm no better", "Holm equivalent", "shown"},
      {}};
  for (const PanelAnalysis& p : analysis.panels) {
    for (const Comparison& c : p.comparisons) {
      table.rows.push_back(
          {p.panel.dataset, p.panel.init, c.strategy, to_string(c.measure),
           TableCell::count(static_cast<double>(c.t.n)), TableCell(c.t.difference, digits),
           share_range(c.narrow), TableCell::p_value(c.margin.equivalent),
           adjusted(c.margin_holm.no_worse, alpha), adjusted(c.margin_holm.no_better, alpha),
           adjusted(c.margin_holm.equivalent, alpha), shown_by(c, analysis)});
    }
    if (!p.comparisons.empty()) table.says.push_back(equivalence_sentence(analysis, p));
  }
  return table;
}

Table stability_table(const Analysis& analysis) {
  Table table{
      "stability",
      "Places by mean rank over initial sets and seeds, and the share of rankings without some of "
      "the seeds in which a strategy has the same place or the first one: every seed left out "
      "once, and halves of the seeds (rounded up; all of them, or 1000 drawn at random). A seed "
      "takes its blocks of all initial sets with it; oracles are left out.",
      {"dataset", "strategy", "measure", "seeds", "place", "one out: same place", "one out: first",
       "halves", "halves: same place", "halves: first", "halves: best place",
       "halves: worst place"},
      {}};
  for (const GroupAnalysis& g : analysis.groups) {
    if (g.contenders.size() < 2) continue;
    for (const Measure measure : {Measure::area, Measure::final}) {
      const RankStability& s = measure == Measure::area ? g.stability_area : g.stability_final;
      if (s.halves.subsets == 0) continue;
      std::vector<std::size_t> order(g.contenders.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::stable_sort(order.begin(), order.end(),
                       [&](auto a, auto b) { return s.places[a] < s.places[b]; });
      for (const std::size_t i : order) {
        table.rows.push_back(
            {g.dataset, g.contenders[i], to_string(measure),
             TableCell::count(static_cast<double>(s.seeds)), TableCell::count(s.places[i]),
             TableCell(s.one_left_out.same_place[i], 2), TableCell(s.one_left_out.first[i], 2),
             TableCell::count(static_cast<double>(s.halves.subsets)),
             TableCell(s.halves.same_place[i], 2), TableCell(s.halves.first[i], 2),
             TableCell::count(s.halves.best_place[i]), TableCell::count(s.halves.worst_place[i])});
      }
    }
    if (g.stability_area.halves.subsets > 0) table.says.push_back(stability_sentence(g));
  }
  return table;
}

Table savings_table(const Analysis& analysis) {
  const std::string unit = name_of(analysis.options.x);
  Table table{
      "savings",
      fmt::format(
          "{3} at which a strategy's mean curve first reaches a value of {0} (linear between "
          "rounds): the final mean of {1}, then the values of --target; and how much of what {1} "
          "needs that saves. Intervals of {2:g} % from resampled seeds, the same for both; inf: so "
          "many resamples do not reach the value with the labels they have.",
          analysis.metric, analysis.options.baseline, 100.0 * (1.0 - analysis.options.alpha),
          analysis.options.x == BudgetUnit::labels ? "Labels" : "Cost"),
      {"dataset", "init", "strategy", "value", "which", unit, unit + " interval", "saved",
       "saved interval", "saved share", "share interval"},
      {}};
  for (const PanelAnalysis& p : analysis.panels) {
    std::vector<const Saving*> at_target;
    for (std::size_t i = 0; i < p.savings.size(); ++i) {
      const Saving& s = p.savings[i];
      table.rows.push_back({p.panel.dataset, p.panel.init, s.strategy, TableCell(s.target, digits),
                            s.baseline_final ? "baseline's last" : "--target",
                            budget_cell(analysis, p.panel, s.labels),
                            budget_range(analysis, p.panel, s.labels_interval),
                            budget_cell(analysis, p.panel, s.saved),
                            budget_range(analysis, p.panel, s.saved_interval),
                            TableCell(s.saved_share, 2), share_range(s.saved_share_interval)});
      table.rows.back().back().decimals = 2;
      at_target.push_back(&s);
      if (at_target.size() < p.strategies.size()) continue;
      table.says.push_back(saving_sentence(analysis, p, at_target));
      at_target.clear();
    }
  }
  return table;
}

}  // namespace al_mpi
