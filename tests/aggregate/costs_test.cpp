// Curves over what labels cost.

#include <cmath>
#include <stdexcept>

#include "tools/aggregate/figures/figures.hpp"
#include "tools/aggregate/study/analysis.hpp"
#include "tools/aggregate/tables/tables.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

void add_priced(ResultsTables& file, const MadeSpec& made, const std::vector<double>& costs,
                const std::vector<double>& accuracies, TrialState state = TrialState::done) {
  add_trial(file, made, accuracies, state);
  auto& column = file.rounds.metrics["cost"];
  column.insert(column.end(), costs.begin(), costs.end());
}

/// Random sampling buys for 10, 20, 40, margin sampling for 14, 24, 34.
ResultsTables priced() {
  ResultsTables file = made_file("priced.h5");
  add_priced(file, {"random_sampling", "random", 1}, {10, 20, 40}, {0.1, 0.2, 0.4});
  add_priced(file, {"margin_sampling", "random", 1}, {14, 24, 34}, {0.2, 0.4, 0.6});
  return file;
}

AnalysisOptions by_cost() {
  AnalysisOptions options;
  options.x = BudgetUnit::cost;
  return options;
}

const Table& named(const std::vector<Table>& tables, const std::string& name) {
  for (const Table& table : tables) {
    if (table.name == name) return table;
  }
  throw std::runtime_error("no table " + name);
}

}  // namespace

TEST_CASE(
    "where trials spend the same, or a file tells no costs, curves over cost are those over "
    "labels") {
  ResultsTables file = made_file("equal.h5");
  add_priced(file, {"random_sampling", "random", 1}, {32, 64, 96}, {0.1, 0.2, 0.4});
  add_priced(file, {"margin_sampling", "random", 1}, {32, 64, 96}, {0.2, 0.4, 0.6});
  ResultsTables old = made_file("old.h5");
  add_trial(old, {"random_sampling", "random", 1}, {0.1, 0.2, 0.4});
  add_trial(old, {"margin_sampling", "random", 1}, {0.2, 0.4, 0.6});
  for (const ResultsTables& each : {file, old}) {
    const Panel p = panels_of(merge_study({each}), "accuracy", BudgetUnit::cost).at(0);
    CHECK_FALSE(p.interpolated);
    CHECK(p.labels == std::vector<double>{32, 64, 96});
    CHECK(p.values[1][2][0] == 0.6);
  }
}

TEST_CASE("curves of trials that spend differently are read at common costs, by hand") {
  const Study study = merge_study({priced()});
  const Panel p = panels_of(study, "accuracy", BudgetUnit::cost).at(0);
  CHECK(p.interpolated);
  REQUIRE(p.labels == std::vector<double>{14, 24, 34});  // from the last start to the first end
  CHECK(p.values[0][0][0] == Approx(0.14));
  CHECK(p.values[0][1][0] == Approx(0.24));
  CHECK(p.values[0][2][0] == Approx(0.34));
  CHECK(p.values[1][0][0] == 0.2);
  CHECK(p.values[1][1][0] == 0.4);
  CHECK(p.values[1][2][0] == 0.6);
  CHECK(panels_of(study, "accuracy").at(0).labels == std::vector<double>{32, 64, 96});

  const Analysis all = analyze(study, by_cost());
  CHECK(all.panels[0].strategies[0].area.sample.mean == Approx(0.24));
  CHECK(all.panels[0].strategies[1].area.sample.mean == Approx(0.4));
  const Saving& saving = all.panels[0].savings.at(1);
  CHECK(saving.target == Approx(0.34));
  CHECK(saving.labels == Approx(21));  // 14 + 10 * 0.14 / 0.2
  CHECK(saving.saved == Approx(13));
  CHECK(saving.saved_share == Approx(13.0 / 34.0));
  CHECK_THAT(fmt::format("{}", fmt::join(all.notes, "\n")),
             Contains("priced / random: trials have spent different costs; values are read from "
                      "their curves, linear between rounds, at 3 costs from 14 to 34"));
}

TEST_CASE("tables and figures say that budgets are costs") {
  const Analysis all = analyze(merge_study({priced()}), by_cost());
  CHECK(terminal_table(all).columns[4] == "cost");
  CHECK(terminal_table(all).rows[0][4].shown() == "34.00");
  const std::vector<Table> tables = all_tables(merge_study({priced()}), all);
  CHECK(named(tables, "summary").columns[5] == "cost");
  CHECK_THAT(named(tables, "summary").caption, Contains("learning curve over cost"));
  const Table& savings = named(tables, "savings");
  CHECK(savings.columns[5] == "cost");
  CHECK(savings.rows[1][5].shown() == "21.00");
  CHECK(savings.says.at(0) ==
        "priced / random: accuracy 0.3400 (the last of random_sampling) is reached first by "
        "margin_sampling, at a cost of 21.00 where random_sampling needs 34.00: 38 % saved.");
  const Table paper = paper_tables(all, {}).at(0);
  CHECK(paper.columns ==
        std::vector<std::string>{"strategy", "cost 14", "cost 24", "cost 34", "AULC"});
  CHECK_THAT(paper.caption, Contains("by cost of the labels"));
  CHECK_THAT(learning_curve_figures(all).at(0).script, Contains("set xlabel 'cost of the labels'"));
}

TEST_CASE("a paper's columns are budgets as they are printed, of costs too") {
  ResultsTables file = made_file("thirds.h5");
  add_priced(file, {"random_sampling", "random", 1}, {1, 2, 4, 5}, {0.1, 0.2, 0.4, 0.5});
  add_priced(file, {"margin_sampling", "random", 1}, {2, 3, 3.5, 4}, {0.2, 0.4, 0.6, 0.7});
  const Analysis all = analyze(merge_study({file}), by_cost());
  CHECK(all.panels[0].panel.labels[1] == Approx(2 + 2.0 / 3));
  PaperOptions options;
  options.labels = {2.66667};
  CHECK(paper_tables(all, options).at(0).columns[1] == "cost 2.66667");
  CHECK(paper_tables(all, options).at(0).rows[0][1].first == Approx(0.2667).epsilon(0.001));
  options.labels = {2.7};
  CHECK_THROWS_WITH(paper_tables(all, options),
                    Contains("2.7 is no budget of thirds; budgets are 2, 2.66667, 3.33333, 4"));
}

TEST_CASE("trials in progress do not shorten the axis, values beside a gap are missing") {
  ResultsTables file = priced();
  add_priced(file, {"margin_sampling", "random", 2}, {12, 20}, {0.1, 0.3}, TrialState::running);
  add_priced(file, {"random_sampling", "random", 2}, {10, 20, 40}, {0.1, std::nan(""), 0.4});
  const Panel p = panels_of(merge_study({file}), "accuracy", BudgetUnit::cost).at(0);
  REQUIRE(p.labels == std::vector<double>{14, 24, 34});
  CHECK(p.values[1][0][1] == Approx(0.15));
  CHECK(std::isnan(p.values[1][1][1]));
  CHECK_FALSE(p.measured[1][1][1]);
  CHECK(std::isnan(p.values[0][1][1]));
  CHECK(p.measured[0][1][1]);
  CHECK(p.trials[0].gappy == 1);
}

TEST_CASE("costs that do not grow are refused, costs that no two trials share are told") {
  ResultsTables falling = made_file("falling.h5");
  add_priced(falling, {"random_sampling", "random", 1}, {10, 10, 40}, {0.1, 0.2, 0.4});
  CHECK_THROWS_WITH(analyze(merge_study({falling}), by_cost()),
                    Contains("falling.h5") &&
                        Contains("the cost of trial random_sampling/random/1 does not grow"));
  CHECK_NOTHROW(analyze(merge_study({falling}), {}));

  ResultsTables apart = made_file("apart.h5");
  add_priced(apart, {"random_sampling", "random", 1}, {1, 2}, {0.1, 0.2});
  add_priced(apart, {"margin_sampling", "random", 1}, {5, 6}, {0.1, 0.2});
  const Analysis all = analyze(merge_study({apart}), by_cost());
  CHECK(all.panels.empty());
  CHECK_THAT(fmt::format("{}", fmt::join(all.notes, "\n")),
             Contains("apart / random: there is no cost that all trials have spent; left out"));
}
