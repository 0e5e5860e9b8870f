#include <cmath>

#include "tools/aggregate/study/compare.hpp"
#include "tools/aggregate/tables/tables.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

namespace {

const std::string oracle_name = "class_balanced_random";

/// Final values by seed of random sampling, margin sampling and an oracle.
Analysis with_oracle(const std::vector<double>& random, const std::vector<double>& margin,
                     const std::vector<double>& oracle) {
  ResultsTables file = made_file("oracle.h5");
  for (std::size_t i = 0; i < random.size(); ++i) {
    const auto seed = static_cast<std::int64_t>(i);
    add_trial(file, {"random_sampling", "random", seed}, {random[i], random[i]});
    add_trial(file, {"margin_sampling", "random", seed}, {margin[i], margin[i]});
    if (!oracle.empty()) {
      add_trial(file, {oracle_name, "random", seed}, {oracle[i], oracle[i]});
    }
  }
  return analyze(merge_study({file}), {});
}

std::vector<TableCell> row_of(const Table& table, const std::string& strategy) {
  for (const auto& row : table.rows) {
    if (row[2].text == strategy) return row;
  }
  throw std::runtime_error("no row " + strategy);
}

}  // namespace

TEST_CASE(
    "the share of an oracle's gain is a ratio of means, with the interval of two seeds by hand") {
  // Gains of the oracle 0.1 and 0.3, of margin sampling 0.05 and 0.06.
  const Analysis all = with_oracle({0.5, 0.5}, {0.55, 0.56}, {0.6, 0.8});
  const Comparison& c = all.panels[0].comparisons[0];
  REQUIRE(c.strategy == "margin_sampling");
  CHECK(c.oracle.oracle == oracle_name);
  CHECK(c.oracle.gain == Approx(0.2));
  CHECK(c.oracle.share == Approx(0.055 / 0.2));
  CHECK(c.oracle.interval.low == Approx(0.06 / 0.3));               // the second seed twice
  CHECK(c.oracle.interval.high == Approx(0.05 / 0.1));              // the first one
  CHECK(all.panels[0].comparisons[1].oracle.share == Approx(1.0));  // the oracle itself
  const Table table = comparisons_table(all);
  const auto row = row_of(table, "margin_sampling");
  CHECK(row[row.size() - 3].text == oracle_name);
  CHECK(row[row.size() - 2].shown() == "0.28");
  CHECK_THAT(
      table.says.at(0),
      Contains("class_balanced_random (oracle) gains 0.2000 over random_sampling in AULC; of "
               "strategies margin_sampling takes the largest share, 28 % (95 % interval: 20 % "
               "to 50 %)."));
}

TEST_CASE("without an oracle, or where it gains nothing, the share is empty and a word says why") {
  const Analysis none = with_oracle({0.5, 0.6}, {0.55, 0.66}, {});
  auto row = row_of(comparisons_table(none), "margin_sampling");
  CHECK(row[row.size() - 3].text == "none");
  CHECK(row[row.size() - 2].exact().empty());
  CHECK(comparisons_table(none).says.empty());

  const Analysis nothing = with_oracle({0.5, 0.6}, {0.55, 0.66}, {0.49, 0.6});
  row = row_of(comparisons_table(nothing), "margin_sampling");
  CHECK(row[row.size() - 3].text == "class_balanced_random gains nothing");
  CHECK(row[row.size() - 2].exact().empty());
  CHECK(row[row.size() - 1].shown() == "-");
  CHECK_THAT(comparisons_table(nothing).says.at(0), Contains("gains nothing over random_sampling"));

  const Analysis unsure = with_oracle({0.5, 0.6}, {0.55, 0.66}, {0.6, 0.59});
  row = row_of(comparisons_table(unsure), "margin_sampling");
  CHECK(row[row.size() - 3].text == "class_balanced_random may gain nothing");
  CHECK(row[row.size() - 2].first == Approx(0.055 / 0.045));
  CHECK(row[row.size() - 1].shown() == "-");
  CHECK_THAT(comparisons_table(unsure).says.at(0), Contains("leave open whether the oracle gains"));
}

TEST_CASE("where lower is better an oracle gains by being lower") {
  const PairedBootstrap bootstrap(2, 200);
  const OracleShare s = share_of_gain({0.8, 0.9}, {1.0, 1.0}, {0.6, 0.5}, true, 0.95, bootstrap);
  CHECK(s.gain == Approx(0.45));
  CHECK(s.share == Approx(0.15 / 0.45));
  CHECK(std::isnan(share_of_gain({0.8}, {1.0}, {1.2}, true, 0.95, PairedBootstrap(1, 9)).share));
  // A seed that one of the three lacks counts for none.
  const double nan = std::nan("");
  const OracleShare gap = share_of_gain({0.8, nan, 0.9}, {1, 1, 1}, {0.6, 0.1, 0.5}, true, 0.95,
                                        PairedBootstrap(3, 200));
  CHECK(gap.share == Approx(0.15 / 0.45));
}

TEST_CASE("places without some of the seeds are those of strategies, not of oracles") {
  const Analysis all = with_oracle({0.5, 0.5, 0.6}, {0.55, 0.56, 0.7}, {0.6, 0.8, 0.9});
  const GroupAnalysis& group = all.groups.at(0);
  CHECK(group.strategies.size() == 3);
  CHECK(group.contenders == std::vector<std::string>{"random_sampling", "margin_sampling"});
  CHECK(group.stability_area.places == std::vector<int>{2, 1});
  CHECK_THAT(stability_table(all).says.at(0), Contains("margin_sampling is first by AULC"));
}
