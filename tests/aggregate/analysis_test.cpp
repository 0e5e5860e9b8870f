#include <cmath>
#include <limits>

#include <fmt/ranges.h>
#include "tools/aggregate/study/analysis.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

/// random_sampling and margin_sampling over three seeds; margin leads by 0.10, 0.11, 0.09 at the
/// end.
Study small_study() {
  ResultsTables file = made_file("small.h5");
  const double lead[] = {0.10, 0.11, 0.09};
  for (int seed = 1; seed <= 3; ++seed) {
    const double start = 0.1 * seed;
    add_trial(file, {"random_sampling", "random", seed}, {start, start + 0.1, start + 0.2});
    add_trial(file, {"margin_sampling", "random", seed},
              {start, start + 0.1, start + 0.2 + lead[seed - 1]});
  }
  return merge_study({file});
}

}  // namespace

TEST_CASE("a small study by hand") {
  const Analysis all = analyze(small_study(), {});
  REQUIRE(all.panels.size() == 1);
  const PanelAnalysis& p = all.panels[0];
  const StrategySummary &random = p.strategies[0], &margin = p.strategies[1];
  CHECK(random.final.sample.mean == Approx(0.4));
  CHECK(random.area.sample.mean == Approx(0.3));  // straight lines from 0.2 to 0.4
  CHECK(margin.area.sample.mean ==
        Approx(0.3 + 0.025));  // 0.1 / 4 more: last point weighs 32 of 128 half-labels
  CHECK(p.split == Approx(32 + 0.9 * 64));
  REQUIRE(p.savings.size() == 2);
  CHECK(p.savings[0].labels == Approx(96));
  CHECK(p.savings[1].labels == Approx(64 + 32 * 0.1 / 0.2));
  CHECK(random.drops.mean == 0.0);

  REQUIRE(p.comparisons.size() == 2);
  const Comparison& final = p.comparisons[1];
  CHECK(final.measure == Measure::final);
  CHECK(final.t.difference == Approx(0.10));
  CHECK(final.t.statistic == Approx(0.10 / (0.01 / std::sqrt(3.0))));
  CHECK(final.t_holm == final.t.p);  // a family of one
  CHECK(final.wilcoxon.p == Approx(0.25));
  CHECK(final.seeds.win == 3);
  CHECK(p.power[1].median_std == Approx(0.01));
  CHECK(p.power[1].seeds_1pt == 10);  // as large as one deviation

  REQUIRE(all.groups.size() == 1);
  CHECK(all.groups[0].penalty == std::vector<std::vector<int>>{{0, 0}, {1, 0}});
  CHECK(all.groups[0].budgets == 3);
  CHECK(all.groups[0].ranks_final.mean_ranks == std::vector<double>{2, 1});
}

TEST_CASE("lower is better for a loss") {
  Study study = small_study();
  study.files[0].rounds.metrics["nll"] = study.files[0].rounds.metrics["accuracy"];
  AnalysisOptions options;
  options.metric = "nll";
  const Analysis all = analyze(study, options);
  CHECK(all.groups[0].ranks_final.mean_ranks == std::vector<double>{1, 2});
  CHECK(all.groups[0].penalty == std::vector<std::vector<int>>{{0, 1}, {0, 0}});
  CHECK(all.panels[0].comparisons[1].seeds.loss == 3);
  CHECK(all.panels[0].strategies[0].drops.mean == 2.0);  // the loss rises in both rounds
}

TEST_CASE("one strategy or one seed: summaries, no tests") {
  ResultsTables file = made_file("one.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.1, 0.3});
  const Analysis all = analyze(merge_study({file}), {});
  const StrategySummary& s = all.panels[0].strategies[0];
  CHECK(s.final.sample.mean == Approx(0.3));
  CHECK(std::isnan(s.final.sample.std));
  CHECK(std::isnan(s.final.interval.low));
  CHECK(all.panels[0].comparisons.empty());
  CHECK(std::isnan(all.groups[0].critical_difference));
  CHECK(std::isnan(all.panels[0].power[0].seeds_1pt));
}

TEST_CASE("an unfinished trial has rounds but no area and no final value") {
  Study study = small_study();
  ResultsTables file = study.files[0];
  add_trial(file, {"margin_sampling", "random", 4}, {0.9}, TrialState::running);
  const Analysis all = analyze(merge_study({file}), {});
  const StrategySummary& margin = all.panels[0].strategies[1];
  CHECK(margin.rounds[0].sample.n == 4);
  CHECK(margin.final.sample.n == 3);
  CHECK(margin.area.sample.n == 3);
  CHECK(margin.trials.unfinished() == 1);
  CHECK(all.panels[0].comparisons[0].t.n == 3);
  CHECK(all.groups[0].ranks_area.blocks == 3);
}

TEST_CASE("a round without a value takes its seed from the area, is counted and named") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  ResultsTables file = made_file("gaps.h5");
  for (int seed = 1; seed <= 3; ++seed) {
    add_trial(file, {"random_sampling", "random", seed}, {0.1, 0.2, 0.3});
  }
  add_trial(file, {"margin_sampling", "random", 1}, {nan, 0.2, 0.3});
  add_trial(file, {"margin_sampling", "random", 2}, {0.1, infinity, 0.3});
  add_trial(file, {"margin_sampling", "random", 3}, {0.1, 0.2, 0.4});
  const Analysis all = analyze(merge_study({file}), {});
  const StrategySummary& margin = all.panels[0].strategies[1];
  CHECK(margin.area.sample.n == 1);
  CHECK(margin.final.sample.n == 3);
  CHECK(margin.rounds[0].sample.n == 2);
  CHECK(margin.rounds[1].sample.n == 2);
  CHECK(to_string(margin.trials) == "3/3, 2 with missing values");
  CHECK(all.panels[0].comparisons[0].t.n == 1);
  CHECK(all.groups[0].ranks_area.blocks == 1);
  const std::string notes = fmt::format("{}", fmt::join(all.notes, "\n"));
  CHECK_THAT(notes,
             Contains("gaps / random / margin_sampling: 2 of 3 seeds lack values of accuracy: "
                      "seed 1 at 1 of 3 rounds (first: 32 labels); seed 2 at 1 of 3"));
  CHECK_THAT(notes, !Contains("reach 96 labels"));
}

TEST_CASE("a strategy measured at fewer budgets is not taken for one with gaps") {
  ResultsTables file = made_file("grids.h5");
  for (int seed = 1; seed <= 2; ++seed) {
    add_trial(file, {"random_sampling", "random", seed}, {0.1, 0.2, 0.1 + 0.1 * seed});
    add_trial(file, {"margin_sampling", "random", seed}, {0.1, 0.5});
    file.rounds.n_labeled.back() = 96;  // 32 and 96 labels
  }
  const Analysis all = analyze(merge_study({file}), {});
  const StrategySummary& margin = all.panels[0].strategies[1];
  CHECK(margin.trials.gappy == 0);
  CHECK(margin.area.sample.mean == Approx(0.3));
  CHECK(all.notes.empty());
}

TEST_CASE("two seeds with equal differences have no p, no effect, no interval") {
  ResultsTables file = made_file("two.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.5, 0.7});
  add_trial(file, {"random_sampling", "random", 2}, {0.6, 0.75});
  add_trial(file, {"margin_sampling", "random", 1}, {0.5, 0.8});
  add_trial(file, {"margin_sampling", "random", 2}, {0.6, 0.85});
  const Analysis all = analyze(merge_study({file}), {});
  for (const Comparison& c : all.panels[0].comparisons) {
    CHECK(c.t.n == 2);
    CHECK(c.seeds.win == 2);
    for (const double value : {c.t.statistic, c.t.p, c.t_holm, c.wilcoxon.p, c.wilcoxon_holm,
                               c.interval.low, c.interval.high, c.effect, c.seeds_1pt}) {
      CHECK(std::isnan(value));
    }
  }
  for (const PowerStatement& s : all.panels[0].power) {
    CHECK(s.median_std == 0.0);
    CHECK(std::isnan(s.seeds_1pt));
    CHECK(std::isnan(s.resolved));
  }
  CHECK(all.groups[0].penalty == std::vector<std::vector<int>>{{0, 0}, {0, 0}});
  CHECK(std::isnan(all.groups[0].ranks_area.p));
}

TEST_CASE("a panel without any value of the metric is left out with a note, a study is refused") {
  const double nan = std::nan("");
  ResultsTables a = made_file("a.h5", "1"), b = made_file("b.h5", "2");
  add_trial(a, {"random_sampling", "random", 1}, {0.1, 0.3});
  add_trial(b, {"random_sampling", "random", 1}, {nan, nan});
  b.rounds.metrics["nll"] = {1.0, 2.0};
  const Analysis all = analyze(merge_study({a, b}), {});
  REQUIRE(all.panels.size() == 1);
  CHECK_THAT(fmt::format("{}", fmt::join(all.notes, "\n")),
             Contains("b / random: no round has a finite accuracy; left out"));
  CHECK_NOTHROW(check_values(merge_study({b})));
  b.rounds.metrics.erase("nll");
  CHECK_THROWS_WITH(
      check_values(merge_study({b})),
      Contains("b.h5") && Contains("1 trials, 2 rounds, but no metric holds a finite"));
}

TEST_CASE("a missing baseline is noted if it is the default, refused if it was asked for") {
  ResultsTables file = made_file("one.h5");
  add_trial(file, {"margin_sampling", "random", 1}, {0.1, 0.3});
  const Study study = merge_study({file});
  REQUIRE_FALSE(analyze(study, {}).notes.empty());
  CHECK_THAT(analyze(study, {}).notes[0], Contains("no trials of random_sampling"));
  AnalysisOptions options;
  options.baseline = "margin_samplin";
  CHECK_THROWS_AS(analyze(study, options), ConfigError);
}

TEST_CASE("a sweep that has just begun is no error") {
  ResultsTables file = made_file("new.h5");
  add_trial(file, {"margin_sampling", "random", 1}, {}, TrialState::pending);
  CHECK(analyze(merge_study({file}), {}).panels.empty());
  CHECK(analyze(merge_study({made_file("empty.h5")}), {}).groups.empty());
}

TEST_CASE("a strategy whose trials all failed is named and does not void the ranks") {
  Study study = small_study();
  ResultsTables file = study.files[0];
  for (int seed = 1; seed <= 3; ++seed) {
    add_trial(file, {"bald_dropout", "random", seed}, {0.1}, TrialState::failed);
  }
  const Analysis all = analyze(merge_study({file}), {});
  CHECK(all.groups[0].strategies == std::vector<std::string>{"random_sampling", "margin_sampling"});
  CHECK(all.groups[0].left_out == std::vector<std::string>{"bald_dropout"});
  CHECK(all.groups[0].ranks_area.blocks == 3);
  CHECK_THAT(all.notes.back(), Contains("no trial of bald_dropout reached the last budget"));
}
