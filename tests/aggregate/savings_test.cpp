#include <cmath>
#include <map>

#include "tools/aggregate/study/analysis.hpp"
#include "tools/aggregate/tables/tables.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

namespace {

/// Random sampling goes from 0.2 by 0.1 a round, margin sampling twice as fast; two seeds that lie
/// 0.02 apart.
Analysis rising(std::vector<double> targets, bool with_baseline = true) {
  ResultsTables file = made_file("rising.h5");
  for (int seed = 0; seed < 2; ++seed) {
    const double start = 0.2 + 0.02 * seed;
    if (with_baseline) {
      add_trial(file, {"random_sampling", "random", seed}, {start, start + 0.1, start + 0.2});
    }
    add_trial(file, {"margin_sampling", "random", seed}, {start, start + 0.2, start + 0.4});
  }
  AnalysisOptions options;
  options.targets = std::move(targets);
  if (!with_baseline) options.baseline = "random_sampling";
  return analyze(merge_study({file}), options);
}

const Table& named(const std::vector<Table>& tables, const std::string& name) {
  for (const Table& table : tables) {
    if (table.name == name) return table;
  }
  throw std::runtime_error("no table " + name);
}

}  // namespace

TEST_CASE("labels saved at a value of the metric, with the interval of two seeds by hand") {
  const Analysis all = rising({0.36});
  const std::vector<Saving>& savings = all.panels.at(0).savings;
  REQUIRE(savings.size() == 4);
  // Means 0.21, 0.31, 0.41 and 0.21, 0.41, 0.61. Resampled means are 0.01 lower, the same or
  // higher.
  const Saving &base = savings[2], &margin = savings[3];
  CHECK(margin.target == 0.36);
  CHECK_FALSE(margin.baseline_final);
  CHECK(base.labels == Approx(80));    // 64 + 32 * 0.05 / 0.1
  CHECK(margin.labels == Approx(56));  // 32 + 32 * 0.15 / 0.2
  CHECK(margin.saved == Approx(24));
  CHECK(margin.saved_share == Approx(0.3));
  CHECK(margin.labels_interval.low == Approx(54.4));
  CHECK(margin.labels_interval.high == Approx(57.6));
  CHECK(margin.saved_interval.low == Approx(76.8 - 54.4));  // the seeds are the same for both
  CHECK(margin.saved_interval.high == Approx(83.2 - 57.6));
  CHECK(std::isnan(base.saved_interval.low));  // against itself
}

TEST_CASE("the baseline's last value moves with the resample, so that it is always reached") {
  const std::vector<Saving> savings = rising({}).panels.at(0).savings;
  REQUIRE(savings.size() == 2);
  CHECK(savings[0].baseline_final);
  CHECK(savings[0].target == Approx(0.41));
  CHECK(savings[0].labels == Approx(96));
  CHECK(savings[0].labels_interval.high == Approx(96));
  CHECK(savings[1].labels == Approx(64));
  CHECK(savings[1].saved_interval.low == Approx(32));  // seeds only shift both curves alike
  CHECK(savings[1].saved_interval.high == Approx(32));
}

TEST_CASE("a value that resamples do not reach leaves an end open") {
  const std::vector<Saving> savings = rising({0.415, 0.5, 0.7}).panels.at(0).savings;
  // 0.415: random sampling's mean ends at 0.41; only the better seed reaches it.
  CHECK(std::isnan(savings[2].labels));
  CHECK(savings[2].labels_interval.low == Approx(64 + 32 * 0.095 / 0.1));
  CHECK(std::isinf(savings[2].labels_interval.high));
  CHECK(std::isnan(savings[3].saved));
  CHECK(savings[3].saved_interval.low > 30);
  CHECK(std::isinf(savings[3].saved_interval.high));
  CHECK(savings[3].saved_share_interval.high == 1.0);
  // 0.7: nobody reaches it, nothing is known of the saving.
  CHECK(std::isnan(savings[7].labels));
  CHECK(std::isnan(savings[7].saved_interval.low));
  CHECK(std::isnan(savings[7].saved_share_interval.high));
}

TEST_CASE("without the baseline labels are read, nothing is saved against it") {
  const std::vector<Saving> savings = rising({0.36}, false).panels.at(0).savings;
  REQUIRE(savings.size() == 1);
  CHECK(savings[0].labels == Approx(56));
  CHECK(savings[0].labels_interval.low == Approx(54.4));
  CHECK(std::isnan(savings[0].saved));
  CHECK(std::isnan(savings[0].saved_interval.low));
}

TEST_CASE("one seed gives labels without intervals") {
  ResultsTables file = made_file("one.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.2, 0.3, 0.4});
  add_trial(file, {"margin_sampling", "random", 1}, {0.2, 0.4, 0.6});
  const Analysis all = analyze(merge_study({file}), {});
  CHECK(all.panels[0].savings[1].saved == Approx(32));
  CHECK(std::isnan(all.panels[0].savings[1].saved_interval.low));
  CHECK(std::isnan(all.panels[0].savings[1].labels_interval.low));
}

TEST_CASE("where lower is better a loss is reached from above") {
  ResultsTables file = made_file("loss.h5");
  for (int seed = 0; seed < 2; ++seed) {
    add_trial(file, {"random_sampling", "random", seed}, {0, 0, 0});
    add_trial(file, {"margin_sampling", "random", seed}, {0, 0, 0});
  }
  file.rounds.metrics["nll"] = {2.0, 1.5, 1.0, 2.0, 1.0, 0.5, 2.1, 1.5, 1.1, 2.1, 1.1, 0.6};
  AnalysisOptions options;
  options.metric = "nll";
  options.targets = {1.525};
  const std::vector<Saving> savings = analyze(merge_study({file}), options).panels[0].savings;
  CHECK(savings[1].target == Approx(1.05));
  CHECK(savings[2].target == Approx(1.525));
  CHECK(savings[3].labels == Approx(32 + 32 * 0.525 / 1.0));
  CHECK(savings[3].saved > 0);
}

TEST_CASE("sentences say what is saved, in words") {
  const Analysis all = rising({0.36, 0.5, 0.7});
  const Table table = savings_table(all);
  REQUIRE(table.says.size() == 4);
  CHECK_THAT(table.says[0],
             Contains("accuracy 0.4100 (the last of random_sampling) is reached first "
                      "by margin_sampling, with 64 labels where random_sampling needs "
                      "96: 33 % saved"));
  CHECK_THAT(table.says[1],
             Contains("with 56 labels where random_sampling needs 80: 30 % saved (95 % "
                      "interval: 29 % to 31 %)"));
  CHECK_THAT(table.says[2], Contains("random_sampling does not reach it within 96"));
  CHECK_THAT(table.says[3], Contains("is reached by no strategy"));
  CHECK_THAT(table.csv(), Contains("--target,"));
}

TEST_CASE("better, equivalent, no better and open are told apart") {
  // Differences from random sampling: 0.10 sure; 0.001 sure and tiny; zero within a margin of 0.01;
  // far below and wide; wide around zero.
  const std::vector<std::vector<double>> differences = {{0.100, 0.101, 0.099, 0.100},
                                                        {0.0010, 0.0011, 0.0009, 0.0010},
                                                        {0.001, -0.001, 0.002, -0.002},
                                                        {-0.02, -0.13, -0.01, -0.09},
                                                        {0.05, -0.05, 0.06, -0.06}};
  const std::vector<std::string> names = {"margin_sampling", "entropy_sampling", "badge",
                                          "typiclust", "bald_dropout"};
  ResultsTables file = made_file("words.h5");
  for (int seed = 0; seed < 4; ++seed) {
    const double base = 0.5 + 0.01 * seed;
    add_trial(file, {"random_sampling", "random", seed}, {base, base});
    for (std::size_t s = 0; s < names.size(); ++s) {
      const double value = base + differences[s][static_cast<std::size_t>(seed)];
      add_trial(file, {names[s], "random", seed}, {value, value});
    }
  }
  const Analysis all = analyze(merge_study({file}), {});
  std::map<std::string, std::string> shown;
  for (const Comparison& c : all.panels[0].comparisons) shown[c.strategy] = shown_by(c, all);
  CHECK(shown["margin_sampling"] == "better");
  CHECK(shown["entropy_sampling"] == "better, equivalent");
  CHECK(shown["badge"] == "equivalent");
  CHECK(shown["bald_dropout"] == "open");
  const std::vector<Table> tables = all_tables(merge_study({file}), all);
  const std::string says = named(tables, "equivalence").says.at(0);
  CHECK_THAT(says, Contains("better (margin_sampling)"));
  CHECK_THAT(says, Contains("better, but by less than 0.01 (entropy_sampling)"));
  CHECK_THAT(says, Contains("within 0.01 of it either way (badge)"));
  CHECK_THAT(says, Contains("open for"));
  CHECK_THAT(
      named(tables, "stability").says.at(0),
      Contains("margin_sampling is first by AULC over 4 seeds; it stays first in every case"));
  AnalysisOptions wide;
  wide.equivalence_margin = 0.05;
  const Analysis wider = analyze(merge_study({file}), wide);
  for (const Comparison& c : wider.panels[0].comparisons) {
    if (c.strategy == "typiclust") CHECK(shown_by(c, wider) == "no better");
  }
}
