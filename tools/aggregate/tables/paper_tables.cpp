#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include "tables.hpp"
#include "tools/aggregate/study/compare.hpp"

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/stats/paired_tests.hpp>

namespace al_mpi {
namespace {

using Panels = std::vector<const PanelAnalysis*>;

/// Whether two budgets are one: costs are told to six digits.
bool is_same(double a, double b) {
  return std::abs(a - b) <= 5e-6 * std::abs(b);
}

std::set<double> budgets_of(const Panels& panels) {
  std::set<double> all;
  for (const PanelAnalysis* p : panels) all.insert(p->panel.labels.begin(), p->panel.labels.end());
  return all;
}

/// The budgets that are shown: all where there are at most four, else those at the quarters.
std::vector<double> chosen_labels(const Panels& panels) {
  const std::set<double> all = budgets_of(panels);
  const std::vector<double> budgets(all.begin(), all.end());
  if (budgets.size() <= 4) return budgets;
  std::set<double> chosen;
  for (std::size_t quarter = 1; quarter <= 4; ++quarter) {
    chosen.insert(budgets[(quarter * (budgets.size() - 1) + 2) / 4]);
  }
  return {chosen.begin(), chosen.end()};
}

void check_labels(const Panels& panels, const std::vector<double>& labels) {
  const std::set<double> all = budgets_of(panels);
  for (const double wanted : labels) {
    if (std::any_of(all.begin(), all.end(), [&](double b) { return is_same(wanted, b); })) continue;
    throw ConfigError("--labels", fmt::format("{:g} is no budget of {}; budgets are {:g}", wanted,
                                              panels.front()->panel.dataset, fmt::join(all, ", ")));
  }
}

/// One column of one panel: a value a seed of every strategy, NaN where missing.
using Column = std::vector<std::vector<double>>;

Column column_at(const Panel& panel, double labels) {
  const auto found = std::find_if(panel.labels.begin(), panel.labels.end(),
                                  [&](double budget) { return is_same(labels, budget); });
  const auto budget = static_cast<std::size_t>(found - panel.labels.begin());
  Column column;
  for (const auto& strategy : panel.values) {
    column.push_back(found == panel.labels.end() ? std::vector<double>(panel.seeds.size(), missing)
                                                 : strategy[budget]);
  }
  return column;
}

/// Cells of one column: bold for the best strategy, marked where the test against the baseline
/// shows a difference.
std::vector<TableCell> cells_of(const Analysis& analysis, const Panel& panel, const Column& column,
                                const PaperOptions& options) {
  const bool lower = analysis.lower_is_better;
  const double scale = options.percent ? 100.0 : 1.0;
  const auto& names = panel.strategies;
  const auto baseline = position(names, analysis.options.baseline);
  double best = missing;
  std::vector<TableCell> cells;
  std::vector<double> p(column.size(), missing);
  for (std::size_t s = 0; s < column.size(); ++s) {
    const Sample sample = describe(column[s]);
    cells.push_back(TableCell::plus_minus(scale * sample.mean, scale * sample.std));
    cells.back().decimals = options.decimals;
    if (!is_oracle(names[s])) best = std::fmax(best, oriented(sample.mean, lower));
    if (baseline && s != *baseline) p[s] = paired_t(column[s], column[*baseline]).p;
  }
  p = holm(p);
  for (std::size_t s = 0; s < column.size(); ++s) {
    const double mean = oriented(describe(column[s]).mean, lower);
    cells[s].strong = mean == best && !is_oracle(names[s]);
    if (!(p[s] < analysis.options.alpha)) continue;
    cells[s].mark = mean > oriented(describe(column[*baseline]).mean, lower) ? "*" : "†";
  }
  return cells;
}

/// How many seeds the numbers come from, in words.
std::string seeds_of(const Panels& panels) {
  std::set<std::size_t> counts;
  for (const PanelAnalysis* p : panels) {
    for (const StrategySummary& s : p->strategies) counts.insert(s.area.sample.n);
  }
  if (counts.size() == 1) return fmt::format("{} seeds", *counts.begin());
  return fmt::format("{} to {} seeds", *counts.begin(), *counts.rbegin());
}

std::string caption_of(const Analysis& analysis, const Panels& panels,
                       const PaperOptions& options) {
  const Panel& first = panels.front()->panel;
  return fmt::format(
      "{}{}: {} (mean ± standard deviation over {}) by {}, and area under the "
      "learning curve (AULC).{} * better, † worse than {} (paired t-test over seeds, Holm over the "
      "strategies of an initial set, level {:g}).",
      first.dataset, panels.size() == 1 ? fmt::format(", initial set {}", first.init) : "",
      analysis.metric, seeds_of(panels), axis_title(analysis.options.x),
      options.bold ? " The best strategy in bold;" : "", analysis.options.baseline,
      analysis.options.alpha);
}

/// Rows of one initial set: strategies, then oracles below a rule.
void add_rows(Table& table, const Analysis& analysis, const PanelAnalysis& p, bool with_init,
              const std::vector<double>& labels, const PaperOptions& options) {
  std::vector<std::vector<TableCell>> columns;
  for (const double at : labels) {
    columns.push_back(cells_of(analysis, p.panel, column_at(p.panel, at), options));
  }
  Column areas;
  for (std::size_t s = 0; s < p.panel.strategies.size(); ++s) {
    areas.push_back(per_seed(p.panel, s, Measure::area));
  }
  columns.push_back(cells_of(analysis, p.panel, areas, options));
  for (const bool oracles : {false, true}) {
    bool ruled = table.rows.empty();
    for (std::size_t s = 0; s < p.panel.strategies.size(); ++s) {
      const std::string& name = p.panel.strategies[s];
      if (is_oracle(name) != oracles) continue;
      if (!ruled) table.rules.push_back(table.rows.size());
      ruled = true;
      std::vector<TableCell> row;
      if (with_init) row.emplace_back(p.panel.init);
      row.emplace_back(oracles ? name + " (oracle)" : name);
      for (const auto& column : columns) row.push_back(column[s]);
      table.rows.push_back(std::move(row));
    }
  }
}

}  // namespace

std::vector<Table> paper_tables(const Analysis& analysis, const PaperOptions& options) {
  std::vector<Table> tables;
  for (std::size_t first = 0; first < analysis.panels.size();) {
    Panels panels;
    const std::size_t group = analysis.panels[first].panel.group;
    for (; first < analysis.panels.size() && analysis.panels[first].panel.group == group; ++first) {
      panels.push_back(&analysis.panels[first]);
    }
    check_labels(panels, options.labels);
    const std::vector<double> labels =
        options.labels.empty() ? chosen_labels(panels) : options.labels;
    Table table{fmt::format("strategies_{}", tables.size() + 1),
                caption_of(analysis, panels, options),
                {"strategy"},
                {}};
    if (panels.size() > 1) table.columns.insert(table.columns.begin(), "init");
    for (const double at : labels) {
      table.columns.push_back(analysis.options.x == BudgetUnit::cost
                                  ? fmt::format("cost {:g}", at)
                                  : fmt::format("{:g} labels", at));
    }
    table.columns.emplace_back("AULC");
    for (const PanelAnalysis* p : panels) {
      add_rows(table, analysis, *p, panels.size() > 1, labels, options);
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace al_mpi
