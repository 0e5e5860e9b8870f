#include "tables.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include "tools/aggregate/study/seconds.hpp"

#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

constexpr int digits = 4;

TableCell plus_minus(const Sample& sample) {
  return TableCell::plus_minus(sample.mean, sample.std);
}
TableCell range(const Interval& interval) {
  return TableCell::range(interval.low, interval.high);
}

std::string percent(double share) {
  return fmt::format("{:g} %", 100.0 * share);
}

/// Calls fn(panel, strategy summary) for every row of a summary-like table.
template <class Fn>
void each_strategy(const Analysis& analysis, const Fn& fn) {
  for (const PanelAnalysis& p : analysis.panels) {
    for (const StrategySummary& s : p.strategies) fn(p, s);
  }
}

/// Whether a strategy has the best mean of its panel, which is printed bold.
bool is_best(const Analysis& analysis, const PanelAnalysis& p, const Spread StrategySummary::*field,
             double mean) {
  for (const StrategySummary& s : p.strategies) {
    const double other = (s.*field).sample.mean;
    if (analysis.lower_is_better ? other < mean : other > mean) return false;
  }
  return !std::isnan(mean) && p.strategies.size() > 1;
}

TableCell strong(TableCell cell, bool condition) {
  cell.strong = condition;
  return cell;
}

TableCell share_range(const Interval& interval) {
  TableCell cell = range(interval);
  cell.decimals = 2;
  return cell;
}

/// The oracle, or why there is no share of its gain.
std::string oracle_words(const OracleShare& o) {
  if (o.oracle.empty()) return "none";
  if (std::isnan(o.gain)) return o.oracle + ": no seed in common";
  if (!(o.gain > 0.0)) return o.oracle + " gains nothing";
  const bool sure = o.gain_interval.low > 0.0 || std::isnan(o.gain_interval.low);
  return sure ? o.oracle : o.oracle + " may gain nothing";
}

/// Which strategy takes most of the oracle's gain in AULC; empty without an oracle.
std::string oracle_sentence(const Analysis& analysis, const PanelAnalysis& p) {
  const Comparison* best = nullptr;
  for (const Comparison& c : p.comparisons) {
    if (c.measure != Measure::area || c.oracle.oracle.empty() || is_oracle(c.strategy)) continue;
    if (best == nullptr || !(best->oracle.share >= c.oracle.share)) best = &c;
  }
  if (best == nullptr) return "";
  const OracleShare& o = best->oracle;
  const std::string start =
      fmt::format("{} / {}: {} (oracle)", p.panel.dataset, p.panel.init, o.oracle);
  if (std::isnan(o.share)) {
    return fmt::format("{} gains nothing over {} in AULC, so that there is no share of its gain.",
                       start, analysis.options.baseline);
  }
  std::string text = fmt::format(
      "{} gains {:.{}f} over {} in AULC; of strategies {} takes the largest share, "
      "{:.0f} %",
      start, o.gain, digits, analysis.options.baseline, best->strategy, 100 * o.share);
  if (!std::isnan(o.interval.low)) {
    text +=
        fmt::format(" ({} interval: {:.0f} % to {:.0f} %)", percent(1.0 - analysis.options.alpha),
                    100 * o.interval.low, 100 * o.interval.high);
  } else if (o.gain_interval.low <= 0.0) {
    text += "; but the seeds leave open whether the oracle gains anything";
  }
  return text + ".";
}

}  // namespace

TableCell budget_cell(const Analysis& analysis, const Panel& panel, double budget) {
  TableCell cell = TableCell::count(budget);
  if (analysis.options.x == BudgetUnit::labels) return cell;
  const double size = std::floor(std::log10(panel.labels.back()));  // four digits are shown
  cell.decimals = static_cast<int>(std::clamp(3.0 - size, 0.0, 9.0));
  return cell;
}

Table summary_table(const Analysis& analysis) {
  Table table{
      "summary",
      fmt::format("{}: mean ± standard deviation over seeds after the last round, and area under "
                  "the learning curve over {} (AULC, divided by the budget), with {} "
                  "bootstrap intervals of the means, paired by seed; n: seeds that have a value. "
                  "Best of each initial set in bold.",
                  analysis.metric, name_of(analysis.options.x),
                  percent(1.0 - analysis.options.alpha)),
      {"dataset", "init", "strategy", "trials", "rounds", name_of(analysis.options.x), "n", "final",
       "final interval", "n AULC", "AULC", "AULC interval"},
      {}};
  each_strategy(analysis, [&](const PanelAnalysis& p, const StrategySummary& s) {
    table.rows.push_back(
        {p.panel.dataset, p.panel.init, s.strategy, to_string(s.trials),
         TableCell::count(static_cast<double>(p.panel.labels.size())),
         budget_cell(analysis, p.panel, p.panel.labels.back()),
         TableCell::count(static_cast<double>(s.final.sample.n)),
         strong(plus_minus(s.final.sample),
                is_best(analysis, p, &StrategySummary::final, s.final.sample.mean)),
         range(s.final.interval), TableCell::count(static_cast<double>(s.area.sample.n)),
         strong(plus_minus(s.area.sample),
                is_best(analysis, p, &StrategySummary::area, s.area.sample.mean)),
         range(s.area.interval)});
    if (!analysis.bounds.empty()) {
      table.rows.back().push_back(
          TableCell(s.final.sample.mean / analysis.bounds.front().sample.mean, digits));
    }
  });
  if (!analysis.bounds.empty()) table.columns.push_back("final / bound");
  return table;
}

Table terminal_table(const Analysis& analysis) {
  Table table{"terminal",
              "",
              {"dataset", "init", "strategy", "trials", name_of(analysis.options.x), "final",
               "AULC", "AULC vs baseline", "p (Holm)"},
              {}};
  each_strategy(analysis, [&](const PanelAnalysis& p, const StrategySummary& s) {
    TableCell difference("-"), adjusted("-");
    for (const Comparison& c : p.comparisons) {
      if (c.strategy != s.strategy || c.measure != Measure::area || c.t.n == 0) continue;
      difference = TableCell(fmt::format("{:+.{}f}", c.t.difference, digits));
      if (!std::isnan(c.t_holm)) adjusted = TableCell(TableCell::p_value(c.t_holm).shown());
    }
    table.rows.push_back({p.panel.dataset, p.panel.init, s.strategy, to_string(s.trials),
                          budget_cell(analysis, p.panel, p.panel.labels.back()),
                          plus_minus(s.final.sample), plus_minus(s.area.sample), difference,
                          adjusted});
  });
  return table;
}

Table phases_table(const Analysis& analysis) {
  Table table{
      "phases",
      "Normalised areas before and after the end of the ramp-up (where the baseline has made " +
          percent(analysis.options.ramp_up_share) +
          " of its rise), and rounds in which the metric got worse.",
      {"dataset", "init", "strategy", "ramp-up ends", "ramp-up", "plateau", "drops",
       "largest drop"},
      {}};
  each_strategy(analysis, [&](const PanelAnalysis& p, const StrategySummary& s) {
    table.rows.push_back({p.panel.dataset, p.panel.init, s.strategy,
                          budget_cell(analysis, p.panel, p.split), plus_minus(s.ramp_up),
                          plus_minus(s.plateau), TableCell(s.drops.mean, 1),
                          TableCell(s.largest_drop, digits)});
  });
  return table;
}

Table rounds_table(const Analysis& analysis) {
  Table table{"rounds",
              "Every budget.",
              {"dataset", "init", "strategy", name_of(analysis.options.x), "n", "mean", "std",
               "low", "high"},
              {}};
  table.long_form = true;
  each_strategy(analysis, [&](const PanelAnalysis& p, const StrategySummary& s) {
    for (std::size_t i = 0; i < s.rounds.size(); ++i) {
      const Spread& spread = s.rounds[i];
      table.rows.push_back(
          {p.panel.dataset, p.panel.init, s.strategy,
           budget_cell(analysis, p.panel, p.panel.labels[i]),
           TableCell::count(static_cast<double>(spread.sample.n)),
           TableCell(spread.sample.mean, digits), TableCell(spread.sample.std, digits),
           TableCell(spread.interval.low, digits), TableCell(spread.interval.high, digits)});
    }
  });
  return table;
}

Table comparisons_table(const Analysis& analysis) {
  const double alpha = analysis.options.alpha;
  Table table{
      "comparisons",
      fmt::format(
          "{} against {}: mean paired difference over n seeds with its bootstrap interval, "
          "paired t-test and exact Wilcoxon test (two-sided; Holm over the strategies of "
          "an initial set; bold below {:g}), Hedges' g, seeds won/tied/lost, and seeds that "
          "a difference of 1 and 2 points needs for 80 % power. '-': too few seeds, or "
          "differences that do not vary, which tell nothing. Last: the share of what the best "
          "oracle "
          "of the initial set gains over the baseline, in mean.",
          analysis.metric, analysis.options.baseline, alpha),
      {"dataset", "init", "strategy", "measure", "n", "difference", "interval", "t", "p t",
       "Holm t", "p Wilcoxon", "Holm Wilcoxon", "g", "won/tied/lost", "seeds 1 pt", "seeds 2 pt",
       "oracle", "share of its gain", "share interval"},
      {}};
  for (const PanelAnalysis& p : analysis.panels) {
    for (const Comparison& c : p.comparisons) {
      table.rows.push_back(
          {p.panel.dataset, p.panel.init, c.strategy, to_string(c.measure),
           TableCell::count(static_cast<double>(c.t.n)), TableCell(c.t.difference, digits),
           range(c.interval), TableCell(c.t.statistic, 2), TableCell::p_value(c.t.p),
           strong(TableCell::p_value(c.t_holm), c.t_holm < alpha), TableCell::p_value(c.wilcoxon.p),
           strong(TableCell::p_value(c.wilcoxon_holm), c.wilcoxon_holm < alpha),
           TableCell(c.effect, 2), fmt::format("{}/{}/{}", c.seeds.win, c.seeds.tie, c.seeds.loss),
           TableCell::count(c.seeds_1pt), TableCell::count(c.seeds_2pt), oracle_words(c.oracle),
           TableCell(c.oracle.share, 2), share_range(c.oracle.interval)});
    }
    const std::string sentence = oracle_sentence(analysis, p);
    if (!sentence.empty()) table.says.push_back(sentence);
  }
  return table;
}

Table ranks_table(const Analysis& analysis) {
  Table table{
      "ranks",
      fmt::format(
          "Mean ranks over initial sets and seeds (1 = best), Friedman's test with Iman and "
          "Davenport's correction, and Nemenyi's critical difference at {:g}.",
          analysis.options.alpha),
      {"dataset", "strategy", "rank AULC", "rank final", "blocks", "chi2", "F", "p",
       "critical difference"},
      {}};
  for (const GroupAnalysis& g : analysis.groups) {
    if (g.strategies.size() < 2) continue;
    std::vector<std::size_t> order(g.strategies.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
      return g.ranks_area.mean_ranks[a] < g.ranks_area.mean_ranks[b];
    });
    for (const std::size_t i : order) {
      table.rows.push_back({g.dataset, g.strategies[i], TableCell(g.ranks_area.mean_ranks[i], 2),
                            TableCell(g.ranks_final.mean_ranks[i], 2),
                            TableCell::count(static_cast<double>(g.ranks_area.blocks)),
                            TableCell(g.ranks_area.chi2, 2), TableCell(g.ranks_area.f, 2),
                            TableCell::p_value(g.ranks_area.p),
                            TableCell(g.critical_difference, 2)});
    }
  }
  return table;
}

Table power_table(const Analysis& analysis) {
  Table table{
      "power",
      fmt::format("Seeds that the median pair of strategies needs to show a difference of 1 and of "
                  "2 points (paired t-test, two-sided {:g}, power 80 %), from the observed "
                  "deviation of paired differences; and the smallest difference that the seeds at "
                  "hand resolve.",
                  analysis.options.alpha),
      {"dataset", "init", "measure", "seeds", "paired deviation", "seeds 1 pt", "seeds 2 pt",
       "resolved"},
      {}};
  for (const PanelAnalysis& p : analysis.panels) {
    for (const PowerStatement& s : p.power) {
      if (std::isnan(s.median_std)) continue;
      table.rows.push_back({p.panel.dataset, p.panel.init, to_string(s.measure),
                            TableCell::count(static_cast<double>(p.panel.seeds.size())),
                            TableCell(s.median_std, digits), TableCell::count(s.seeds_1pt),
                            TableCell::count(s.seeds_2pt), TableCell(s.resolved, digits)});
    }
  }
  return table;
}

Table trials_table(const Study& study) {
  Table table{
      "trials",
      "Trials that are not done.",
      {"dataset", "strategy", "init", "seed", "state", "rounds", "attempts", "host", "error"},
      {}};
  for (const StudyTrial& trial : study.trials) {
    if (trial.state == TrialState::done) continue;
    const TrialRecord& r = study.record(trial);
    table.rows.push_back({study.groups[trial.group], r.spec.strategy, r.spec.init,
                          TableCell::count(static_cast<double>(r.spec.seed)), name_of(r.state),
                          TableCell::count(static_cast<double>(trial.n_rows)),
                          TableCell::count(r.attempts), r.host, r.error});
  }
  return table;
}

Table seconds_table(const Study& study) {
  Table table{"seconds",
              "Seconds a round: mean ± standard deviation over trials and rounds.",
              {"dataset", "strategy", "rounds", "query", "train", "evaluate"},
              {}};
  for (const SecondsSummary& s : seconds_of(study)) {
    table.rows.push_back({s.dataset, s.strategy, TableCell::count(static_cast<double>(s.train.n)),
                          plus_minus(s.query), plus_minus(s.train), plus_minus(s.evaluate)});
  }
  return table;
}

std::vector<Table> all_tables(const Study& study, const Analysis& analysis) {
  std::vector<Table> tables = {summary_table(analysis),     savings_table(analysis),
                               comparisons_table(analysis), equivalence_table(analysis),
                               ranks_table(analysis),       stability_table(analysis)};
  for (Table& penalties : penalty_tables(analysis)) tables.push_back(std::move(penalties));
  for (Table& more :
       std::vector<Table>{phases_table(analysis), power_table(analysis), seconds_table(study),
                          trials_table(study), rounds_table(analysis)}) {
    tables.push_back(std::move(more));
  }
  tables.erase(
      std::remove_if(tables.begin(), tables.end(), [](const Table& t) { return t.rows.empty(); }),
      tables.end());
  return tables;
}

}  // namespace al_mpi
