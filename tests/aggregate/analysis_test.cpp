#include <cmath>

#include <tools/aggregate/analysis.hpp>

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
  CHECK(margin.labels_to_baseline == Approx(64 + 32 * 0.1 / 0.2));
  CHECK(random.labels_to_baseline == Approx(96));
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
