#include <cmath>

#include <fmt/ranges.h>
#include "tools/aggregate/tables/change_tables.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

/// Two results files in a folder; add trials, then compare.
struct Two {
  ScratchFolder folder;
  ResultsTables a = made_file(""), b = made_file("");

  TwoSweeps compared(const AnalysisOptions& options = {}) {
    const std::string path_a = folder.file("a.h5"), path_b = folder.file("b.h5");
    write_results(path_a, a);
    write_results(path_b, b);
    return compare_sweeps(path_a, path_b, options);
  }
};

const Change& change_of(const TwoSweeps& sweeps, const std::string& strategy, Measure measure) {
  for (const Change& c : sweeps.changes) {
    if (c.comparison.strategy == strategy && c.comparison.measure == measure) return c;
  }
  throw std::runtime_error("no " + strategy);
}

std::string lines(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, "\n"));
}

}  // namespace

TEST_CASE("settings and versions that differ are listed, where results lie is not") {
  ResultsTables a = made_file("a.h5"), b = made_file("b.h5");
  a.attributes["config"] = "training:\n  epochs: 5\n  steps: -1\nresults:\n  file: a.h5\n";
  b.attributes["config"] = "training:\n  epochs: 6\nmodel:\n  name: x\nresults:\n  file: b.h5\n";
  a.attributes["version_git"] = b.attributes["version_git"] = "1";
  a.attributes["version_libtorch"] = "1.13.0";
  b.attributes["version_libtorch"] = "2.15.0";
  const auto changes = changed_settings(a, b);
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].key == "model.name");
  CHECK(changes[0].a.empty());
  CHECK(changes[1].key == "training.epochs");
  CHECK(changes[1].a == "5");
  CHECK(changes[1].b == "6");
  CHECK(changes[2].key == "training.steps");
  CHECK(changes[3].key == "version_libtorch");
  b.attributes.erase("config");
  CHECK(changed_settings(a, b).size() == 1);  // nothing is known of B's settings
}

TEST_CASE("seeds that both hold are paired, others are not") {
  Two two;
  const double noise[] = {0.001, -0.001, 0.002, -0.002};
  for (int seed = 0; seed < 4; ++seed) {
    const double base = 0.4 + 0.1 * seed;
    add_trial(two.a, {"random_sampling", "random", seed}, {base, base + 0.1});
    add_trial(two.b, {"random_sampling", "random", seed},
              {base - 0.05 + noise[seed], base + 0.05 + noise[seed]});
    add_trial(two.a, {"badge", "random", seed}, {0.5, 0.6 + noise[seed]});
    add_trial(two.b, {"badge", "random", seed + 10}, {0.5, 0.7 - noise[seed]});
  }
  add_trial(two.a, {"margin_sampling", "random", 0}, {0.1, 0.2});
  add_trial(two.b, {"badge", "kmeans", 0}, {0.1, 0.2});
  const TwoSweeps sweeps = two.compared();
  CHECK(sweeps.changes.size() == 4);
  const Change& random = change_of(sweeps, "random_sampling", Measure::final);
  CHECK(random.paired);
  CHECK(random.a.n == 4);
  CHECK(random.comparison.t.difference == Approx(-0.05));
  CHECK(random.comparison.interval.high < -0.04);  // the seeds' own spread of 0.1 cancels
  CHECK(shown_by(random.comparison, sweeps.analysis) == "worse");
  const Change& badge = change_of(sweeps, "badge", Measure::final);
  CHECK_FALSE(badge.paired);
  CHECK(badge.comparison.t.difference == Approx(0.1));
  CHECK(badge.comparison.interval.low > 0.09);
  CHECK(shown_by(badge.comparison, sweeps.analysis) == "better");
  CHECK(badge.comparison.t_holm >= badge.comparison.t.p);
  const std::string notes = lines(sweeps.notes);
  CHECK_THAT(notes, Contains("only A holds random: margin_sampling"));
  CHECK_THAT(notes, Contains("only B holds kmeans: badge"));
  CHECK_THAT(notes, Contains("a.h5 holds no settings"));
  const Table table = changes_table(sweeps);
  CHECK_THAT(table.csv(), Contains("4 pairs") && Contains("4 and 4 seeds"));
  CHECK_THAT(table.says.at(1), Contains("worse (random_sampling from random); better (badge from"));
  CHECK(sweeps.joint.groups.size() == 1);
  CHECK(sweeps.joint.record(sweeps.joint.trials.front()).spec.strategy == "badge [A]");
}

TEST_CASE("other data are never paired, and a note says so") {
  Two two;
  two.a.attributes["dataset_fingerprint"] = "1";
  two.b.attributes["dataset_fingerprint"] = "2";
  for (int seed = 0; seed < 3; ++seed) {
    add_trial(two.a, {"badge", "random", seed}, {0.5, 0.6 + 0.01 * seed});
    add_trial(two.b, {"badge", "random", seed}, {0.5, 0.6 + 0.02 * seed});
  }
  const TwoSweeps sweeps = two.compared();
  CHECK_FALSE(change_of(sweeps, "badge", Measure::area).paired);
  CHECK_THAT(lines(sweeps.notes), Contains("the data sets differ"));
}

TEST_CASE("equal results are the same, not untestable") {
  Two two;
  for (int seed = 0; seed < 3; ++seed) {
    add_trial(two.a, {"badge", "random", seed}, {0.5, 0.6 + 0.01 * seed});
    add_trial(two.b, {"badge", "random", seed}, {0.5, 0.6 + 0.01 * seed});
  }
  const Table table = changes_table(two.compared());
  CHECK(table.rows[0].back().text == "the same");
  CHECK_THAT(table.says.at(0), Contains("the same (badge from random)."));
}

TEST_CASE("budgets differ: the range that both cover is compared") {
  Two two;
  for (int seed = 0; seed < 2; ++seed) {
    add_trial(two.a, {"badge", "random", seed}, {0.1, 0.2, 0.3 + 0.01 * seed});  // 32, 64, 96
    add_trial(two.b, {"badge", "random", seed}, {0.5, 0.9});
    two.b.rounds.n_labeled[two.b.rounds.n_labeled.size() - 2] = 48;
    two.b.rounds.n_labeled.back() = 80;
  }
  const TwoSweeps sweeps = two.compared();
  const Change& final = change_of(sweeps, "badge", Measure::final);
  CHECK(final.first_labels == 48);
  CHECK(final.last_labels == 80);
  CHECK(final.a.mean == Approx(0.2525));  // half-way from 0.2 to 0.305
  CHECK(final.b.mean == Approx(0.9));
  CHECK(change_of(sweeps, "badge", Measure::area).b.mean == Approx(0.7));
}

TEST_CASE("settings of a grid are kept apart") {
  Two two;
  for (const char* n_init : {"8", "16"}) {
    TrialSpec spec = made_spec({"badge", "random", 1});
    spec.settings["loop.n_init"] = n_init;
    add_trial(two.a, spec, {0.5, 0.6});
    add_trial(two.b, spec, {0.5, n_init[0] == '8' ? 0.7 : 0.8});
  }
  const TwoSweeps sweeps = two.compared();
  REQUIRE(sweeps.changes.size() == 4);
  CHECK(sweeps.changes[0].start == "random loop.n_init=8;");
  for (const Change& c : sweeps.changes) {
    if (c.comparison.measure != Measure::final) continue;
    CHECK(c.b.mean == Approx(c.start.find("=8") != std::string::npos ? 0.7 : 0.8));
  }
}

TEST_CASE("nothing shared, or a metric that one lacks, is refused in one line") {
  Two two;
  add_trial(two.a, {"badge", "random", 1}, {0.1});
  add_trial(two.b, {"badge", "kmeans", 1}, {0.1});
  CHECK_THROWS_AS(two.compared(), DataError);
  CHECK_THROWS_WITH(two.compared(), Contains("b.h5") &&
                                        Contains("shares no strategy, initial set") &&
                                        Contains("random: badge") && Contains("kmeans: badge"));
  two.a.rounds.metrics["nll"] = {1.0};
  AnalysisOptions options;
  options.metric = "nll";
  CHECK_THROWS_AS(two.compared(options), ConfigError);
  CHECK_THROWS_WITH(two.compared(options), Contains("b.h5 holds no finite 'nll'"));
}
