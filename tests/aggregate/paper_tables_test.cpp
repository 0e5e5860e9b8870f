#include "tools/aggregate/tables/tables.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

/// Margin sampling leads by about 0.1 from 64 labels on, k-center falls behind, an oracle leads
/// all.
Analysis made_analysis(const std::vector<std::string>& inits) {
  ResultsTables file = made_file("a_study.h5");
  const double noise[] = {0.001, -0.001, 0.002, -0.002};
  for (const std::string& init : inits) {
    for (int seed = 0; seed < 4; ++seed) {
      const double base = 0.3 + 0.01 * seed, n = noise[seed];
      add_trial(file, {"random_sampling", init, seed}, {base, base + 0.1, base + 0.2});
      add_trial(file, {"margin_sampling", init, seed}, {base, base + 0.2 + n, base + 0.3 + n});
      add_trial(file, {"kcenter_greedy", init, seed}, {base, base + 0.05 + n, base + 0.1 - n});
      add_trial(file, {"class_balanced_random", init, seed}, {base, base + 0.4 + n, base + 0.5});
    }
  }
  return analyze(merge_study({file}), {});
}

}  // namespace

TEST_CASE(
    "a paper's table: means at labels, the best strategy bold, marks, the oracle below a rule") {
  const std::vector<Table> tables = paper_tables(made_analysis({"random"}), {});
  REQUIRE(tables.size() == 1);
  const Table& table = tables[0];
  CHECK(table.columns ==
        std::vector<std::string>{"strategy", "32 labels", "64 labels", "96 labels", "AULC"});
  REQUIRE(table.rows.size() == 4);
  CHECK(table.rows[0][0].text == "random_sampling");
  CHECK(table.rows[0][3].first == Approx(0.515));
  CHECK(table.rows[1][2].marked() == "0.515 ± 0.012*");
  CHECK(table.rows[1][2].strong);
  CHECK(table.rows[1][1].mark.empty());  // all start alike
  CHECK(table.rows[2][3].mark == "†");
  CHECK(table.rows[3][0].text == "class_balanced_random (oracle)");
  CHECK_FALSE(table.rows[3][2].strong);
  CHECK(table.rules == std::vector<std::size_t>{3});
  const std::string latex = table.latex();
  CHECK_THAT(latex, Contains("\\begin{tabular}{lcccc}"));
  CHECK_THAT(latex, Contains("\\textbf{0.515 $\\pm$ 0.012}\\textsuperscript{*}"));
  CHECK_THAT(latex, Contains("\\textsuperscript{$\\dagger$}"));
  CHECK_THAT(latex, Contains("\\midrule\n  class\\_balanced\\_random (oracle) &"));
  CHECK_THAT(latex, Contains("a\\_study, initial set random: accuracy (mean $\\pm$ standard"));
}

TEST_CASE("initial sets are blocks, each named once") {
  const Table table = paper_tables(made_analysis({"random", "kmeans"}), {}).at(0);
  CHECK(table.columns.front() == "init");
  CHECK(table.rows.size() == 8);
  CHECK(table.rules == std::vector<std::size_t>{3, 4, 7});
  const std::string latex = table.latex();
  CHECK_THAT(latex, Contains("  random & random\\_sampling &"));
  CHECK_THAT(latex, Contains("\n   & margin\\_sampling &"));
  CHECK_THAT(latex, Contains("\\midrule\n  kmeans & random\\_sampling &"));
  CHECK_THAT(table.csv(), Contains("kmeans,margin_sampling,"));
}

TEST_CASE("labels, percent and digits are chosen, labels that are no budget refused") {
  PaperOptions options;
  options.labels = {96};
  options.percent = true;
  options.decimals = 1;
  const Table table = paper_tables(made_analysis({"random"}), options).at(0);
  CHECK(table.columns == std::vector<std::string>{"strategy", "96 labels", "AULC"});
  CHECK(table.rows[0][1].marked() == "51.5 ± 1.3");
  options.labels = {64, 100};
  CHECK_THROWS_AS(paper_tables(made_analysis({"random"}), options), ConfigError);
  CHECK_THROWS_WITH(
      paper_tables(made_analysis({"random"}), options),
      Contains("--labels") && Contains("100 is no budget of a_study") && Contains("32, 64, 96"));
}

TEST_CASE("where lower is better the lowest is bold and marked as better") {
  ResultsTables file = made_file("loss.h5");
  std::vector<double> losses;
  for (int seed = 0; seed < 3; ++seed) {
    add_trial(file, {"random_sampling", "random", seed}, {0});
    add_trial(file, {"margin_sampling", "random", seed}, {0});
    losses.insert(losses.end(), {1.0 + 0.01 * seed, 0.5 + 0.011 * seed});
  }
  file.rounds.metrics["nll"] = losses;
  AnalysisOptions options;
  options.metric = "nll";
  const Table table = paper_tables(analyze(merge_study({file}), options), {}).at(0);
  CHECK(table.rows[1][1].strong);
  CHECK(table.rows[1][1].mark == "*");
  CHECK_FALSE(table.rows[0][1].strong);
}

TEST_CASE("a panel without a budget has no number there") {
  ResultsTables file = made_file("two.h5");
  for (int seed = 0; seed < 2; ++seed) {
    add_trial(file, {"random_sampling", "random", seed}, {0.1, 0.2, 0.3});
    add_trial(file, {"random_sampling", "kmeans", seed}, {0.1, 0.2});
  }
  const Table table = paper_tables(analyze(merge_study({file}), {}), {}).at(0);
  CHECK(table.rows[1][4].shown() == "-");
  CHECK(table.rows[0][4].shown() == "0.300 ± 0.000");
}
