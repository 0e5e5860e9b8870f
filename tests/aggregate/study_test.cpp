#include <cmath>
#include <limits>

#include "tools/aggregate/study/study.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

TEST_CASE("a panel holds one initial set, strategies in catalogue order") {
  ResultsTables file = made_file("a.h5");
  add_trial(file, {"margin_sampling", "random", 2}, {0.5, 0.6});
  add_trial(file, {"random_sampling", "random", 1}, {0.1, 0.2});
  add_trial(file, {"margin_sampling", "kmeans", 1}, {0.3, 0.4});
  const auto panels = panels_of(merge_study({file}), "accuracy");
  REQUIRE(panels.size() == 2);
  const Panel& p = panels[0];
  CHECK(p.dataset == "a");
  CHECK(p.init == "random");
  CHECK(p.strategies == std::vector<std::string>{"random_sampling", "margin_sampling"});
  CHECK(p.seeds == std::vector<std::int64_t>{1, 2});
  CHECK(p.labels == std::vector<double>{32, 64});
  CHECK(p.values[0][1][0] == 0.2);
  CHECK(std::isnan(p.values[0][1][1]));
  CHECK(p.values[1][0][1] == 0.5);
  CHECK(panels[1].init == "kmeans");
}

TEST_CASE("an own strategy's results of two programs are not put into one figure") {
  ResultsTables a = made_file("a.h5", "same"), b = made_file("b.h5", "same");
  add_trial(a, {"mine", "random", 1}, {0.1});
  add_trial(b, {"mine", "random", 2}, {0.3});
  a.attributes["version_external_mine"] = b.attributes["version_external_mine"] = "one";
  CHECK(panels_of(merge_study({a, b}), "accuracy").at(0).seeds.size() == 2);
  b.attributes["version_external_mine"] = "two";
  CHECK_THROWS_WITH(merge_study({a, b}),
                    Contains("b.h5: its strategy mine is another program than that of a.h5"));
  b.attributes["settings_fingerprint"] = "other";  // other panels
  CHECK_NOTHROW(merge_study({a, b}));
}

TEST_CASE("unequal grids share an axis of labels, and what is missing is NaN") {
  ResultsTables file = made_file("a.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.1, 0.2, 0.3});
  add_trial(file, {"margin_sampling", "random", 1}, {0.5}, TrialState::running);
  add_trial(file, {"bald_dropout", "random", 1}, {}, TrialState::failed);
  const Study study = merge_study({file});
  const Panel p = panels_of(study, "accuracy").at(0);
  CHECK(p.labels.size() == 3);
  CHECK(std::isnan(p.values[1][2][0]));
  CHECK(p.trials[0].done == 1);
  CHECK(p.trials[1].unfinished() == 1);
  CHECK(p.trials[2].failed == 1);
  REQUIRE(study.notes.size() == 2);
  CHECK_THAT(study.notes[0], Contains("1 of 3 trials is running"));
  CHECK_THAT(study.notes[1], Contains("1 of 3 trials is failed"));
}

TEST_CASE("files of one data set and settings merge, a doubled trial is taken once and noted") {
  ResultsTables a = made_file("a.h5", "same"), b = made_file("b.h5", "same");
  add_trial(a, {"random_sampling", "random", 1}, {0.1});
  add_trial(b, {"random_sampling", "random", 1}, {0.7, 0.8});
  add_trial(b, {"random_sampling", "random", 2}, {0.3, 0.4});
  const Study study = merge_study({a, b});
  CHECK(study.groups == std::vector<std::string>{"a"});
  CHECK(study.trials.size() == 2);
  const Panel p = panels_of(study, "accuracy").at(0);
  CHECK(p.values[0][0][0] == 0.7);  // the copy with more rounds
  REQUIRE(study.notes.size() == 1);
  CHECK_THAT(study.notes[0], Contains("random_sampling/random/1 is in a.h5 and in b.h5"));
}

TEST_CASE("other settings make another group, with a label of its own") {
  ResultsTables a = made_file("x/run.h5", "one"), b = made_file("y/run.h5", "two");
  add_trial(a, {"random_sampling", "random", 1}, {0.1});
  add_trial(b, {"random_sampling", "random", 1}, {0.2});
  TrialSpec own = made_spec({"random_sampling", "random", 1});
  own.settings["loop.n_query"] = "8";
  add_trial(b, own, {0.3});
  const Study study = merge_study({a, b});
  CHECK(study.groups == std::vector<std::string>{"run", "run (2)", "run loop.n_query=8"});
  CHECK(study.notes.empty());
}

TEST_CASE("metrics without a number are not offered, unknown ones are refused") {
  ResultsTables file = made_file("a.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.1});
  file.rounds.metrics["mean_iou"] = {std::numeric_limits<double>::quiet_NaN()};
  file.rounds.metrics["nll"] = {1.5};
  const Study study = merge_study({file});
  CHECK(metrics_of(study) == std::vector<std::string>{"accuracy", "nll"});
  CHECK(metric_of(study, "") == "accuracy");
  CHECK(metric_of(study, "nll") == "nll");
  CHECK_THROWS_AS(metric_of(study, "acuracy"), ConfigError);
  ResultsTables both = study.files[0];
  both.rounds.metrics["mean_iou"] = {0.5};
  CHECK(metric_of(merge_study({both}), "") == "accuracy");
  both.task = "segmentation";
  CHECK(metric_of(merge_study({both}), "") == "mean_iou");
  ResultsTables own = study.files[0];  // an own engine need not send any of these
  own.rounds.metrics = {{"seconds_train", {2.0}}, {"regret", {0.5}}};
  CHECK(metric_of(merge_study({own}), "") == "regret");
}

TEST_CASE("a round of a trial that is not there is a damaged file") {
  ResultsTables file = made_file("a.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.1});
  file.rounds.trial[0] = 7;
  CHECK_THROWS_AS(merge_study({file}), DataError);
}
