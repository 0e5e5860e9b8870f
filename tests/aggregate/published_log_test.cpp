// The published log of the reference study against the numbers computed from it independently with
// pandas and scipy (tables of four digits). AL_PUBLISHED_LOG names the file; without it these tests
// say so.
#include <cstdlib>
#include <map>

#include "tools/aggregate/import_log.hpp"
#include "tools/aggregate/study/analysis.hpp"
#include "tools/aggregate/study/compare.hpp"

#include "catch.hpp"

using namespace al_mpi;

namespace {

const Analysis* published() {
  static const Analysis* analysis = []() -> const Analysis* {
    const char* path = std::getenv("AL_PUBLISHED_LOG");
    if (path == nullptr) return nullptr;
    ImportedLog log = import_log(path);
    CHECK(log.notes.empty());
    CHECK(log.tables.trials.size() == 300);
    AnalysisOptions options;
    options.targets = {0.8};
    return new Analysis(analyze(merge_study({log.tables}), options));
  }();
  if (analysis == nullptr) WARN("skipped: AL_PUBLISHED_LOG is not set");
  return analysis;
}

const PanelAnalysis& panel_of(const Analysis& analysis, const std::string& init) {
  for (const PanelAnalysis& p : analysis.panels) {
    if (p.panel.init == init) return p;
  }
  throw std::runtime_error("no panel " + init);
}

const StrategySummary& summary_of(const PanelAnalysis& panel, const std::string& strategy) {
  return panel.strategies[*position(panel.panel.strategies, strategy)];
}

const Comparison& comparison_of(const PanelAnalysis& panel, const std::string& strategy,
                                Measure measure = Measure::area) {
  for (const Comparison& c : panel.comparisons) {
    if (c.strategy == strategy && c.measure == measure) return c;
  }
  throw std::runtime_error("no comparison " + strategy);
}

Approx digits4(double value) {
  return Approx(value).margin(0.00005001).epsilon(0);
}

}  // namespace

TEST_CASE("published: what the reference prints in its figures") {
  const Analysis* all = published();
  if (all == nullptr) return;
  const struct {
    const char* init;
    double last, spread;
  } expected[] = {{"random", 0.8325277778, 0.6799513298},
                  {"kmeans", 0.8441666667, 0.5541811227},
                  {"fps", 0.8198796296, 0.6704434483}};
  for (const auto& [init, last, spread] : expected) {
    const Panel& panel = panel_of(*all, init).panel;
    CHECK(mean_of_last(panel) == Approx(last).margin(1e-10).epsilon(0));
    CHECK(sum_of_mean_stds(panel) == Approx(spread).margin(1e-10).epsilon(0));
    CHECK(panel.labels.front() == 32);
    CHECK(panel.labels.back() == 352);
    CHECK(panel.strategies.size() == 10);
  }
}

TEST_CASE("published: final values and areas") {
  const Analysis* all = published();
  if (all == nullptr) return;
  const StrategySummary& lcd = summary_of(panel_of(*all, "random"), "least_confidence_dropout");
  CHECK(lcd.final.sample.mean == digits4(0.8600));
  CHECK(lcd.final.sample.std == digits4(0.0162));
  CHECK(lcd.area.sample.mean == digits4(0.7331));
  CHECK(lcd.area.sample.std == digits4(0.0342));
  CHECK(lcd.area.sample.n == 10);
  CHECK(lcd.area.interval.low < 0.7331);
  CHECK(lcd.area.interval.high > 0.7331);
  const StrategySummary& kcenter = summary_of(panel_of(*all, "fps"), "kcenter_greedy");
  CHECK(kcenter.final.sample.mean == digits4(0.7987));
  CHECK(kcenter.area.sample.mean == digits4(0.6578));
  CHECK(kcenter.area.sample.std == digits4(0.0235));
}

TEST_CASE("published: paired tests against random_sampling on the area") {
  const Analysis* all = published();
  if (all == nullptr) return;
  struct Row {
    const char *init, *strategy;
    double difference, t, holm, wilcoxon;
    int wins;
  };
  for (const Row& row : {Row{"random", "least_confidence_dropout", .0303, .0223, .1784, .0020, 10},
                         Row{"random", "kcenter_greedy", -.0422, .0100, .0896, .0195, 2},
                         Row{"kmeans", "margin_sampling_dropout", .0413, .0006, .0052, .0039, 9},
                         Row{"kmeans", "margin_sampling", .0323, .0046, .0320, .0098, 9},
                         Row{"kmeans", "entropy_sampling", .0077, .5257, .7017, .6250, 6},
                         Row{"fps", "entropy_sampling", .0274, .0603, .5430, .0645, 8}}) {
    const Comparison& c = comparison_of(panel_of(*all, row.init), row.strategy);
    CHECK(c.t.difference == digits4(row.difference));
    CHECK(c.t.p == digits4(row.t));
    CHECK(c.t_holm == digits4(row.holm));
    CHECK(c.wilcoxon.p == digits4(row.wilcoxon));
    CHECK(c.seeds.win == row.wins);
    CHECK(c.t.n == 10);
  }
}

TEST_CASE("published: ranks, Friedman's test and the critical difference") {
  const Analysis* all = published();
  if (all == nullptr) return;
  const GroupAnalysis& group = all->groups.at(0);
  CHECK(group.ranks_area.blocks == 30);
  CHECK(group.ranks_area.chi2 == Approx(62.55).margin(0.005));
  CHECK(group.ranks_area.f == Approx(8.74).margin(0.005));
  CHECK(group.ranks_area.p == Approx(1.76e-11).epsilon(0.003));
  CHECK(group.critical_difference == Approx(2.47).margin(0.005));
  const auto rank = [&](const char* name) {
    return group.ranks_area.mean_ranks[*position(group.strategies, name)];
  };
  CHECK(rank("least_confidence_dropout") == Approx(3.47).margin(0.005));
  CHECK(rank("random_sampling") == Approx(6.93).margin(0.005));
  CHECK(rank("kcenter_greedy") == Approx(8.47).margin(0.005));
}

TEST_CASE("published: the whole penalty matrix") {
  const Analysis* all = published();
  if (all == nullptr) return;
  const std::vector<std::string> order = {"bald_dropout",
                                          "entropy_sampling",
                                          "entropy_sampling_dropout",
                                          "kcenter_greedy",
                                          "kmeans_sampling",
                                          "least_confidence",
                                          "least_confidence_dropout",
                                          "margin_sampling",
                                          "margin_sampling_dropout",
                                          "random_sampling"};
  const std::vector<std::vector<int>> expected = {
      {0, 0, 0, 10, 1, 0, 0, 0, 0, 3}, {2, 0, 0, 9, 3, 2, 0, 0, 0, 2},
      {2, 1, 0, 15, 6, 0, 1, 0, 0, 5}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
      {0, 0, 0, 6, 0, 0, 0, 0, 0, 0},  {0, 2, 0, 8, 6, 0, 0, 0, 0, 5},
      {6, 2, 1, 18, 9, 3, 0, 0, 0, 9}, {5, 2, 0, 16, 8, 0, 0, 0, 0, 9},
      {3, 3, 0, 17, 6, 3, 0, 1, 0, 8}, {0, 1, 0, 5, 0, 0, 1, 0, 0, 0}};
  const GroupAnalysis& group = all->groups.at(0);
  CHECK(group.budgets == 33);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      INFO(order[i] << " beats " << order[j]);
      const std::size_t row = *position(group.strategies, order[i]);
      const std::size_t column = *position(group.strategies, order[j]);
      CHECK(group.penalty[row][column] == expected[i][j]);
      CHECK(group.penalty_holm[row][column] <= group.penalty[row][column]);
    }
  }
}

TEST_CASE("published: label efficiency, drops and power") {
  const Analysis* all = published();
  if (all == nullptr) return;
  const PanelAnalysis& random = panel_of(*all, "random");
  const auto labels = [&](const std::string& strategy) {
    return random.savings.at(*position(random.panel.strategies, strategy)).labels;
  };
  CHECK(random.savings.front().baseline_final);
  CHECK(labels("least_confidence_dropout") == Approx(249).margin(0.5));
  CHECK(labels("margin_sampling") == Approx(269).margin(0.5));
  for (const PanelAnalysis& p : all->panels) {
    double mean_drops = 0.0;
    for (const StrategySummary& s : p.strategies) mean_drops += s.drops.mean / 10;
    CHECK(mean_drops > 2.5);  // "2.6-3.1 of 10 rounds"
    CHECK(mean_drops < 3.2);
    const PowerStatement& final = p.power.at(1);
    REQUIRE(final.measure == Measure::final);
    CHECK(final.seeds_1pt >= 95);  // "about 100-180 seeds for one point, 25-45 for two"
    CHECK(final.seeds_1pt <= 185);
    CHECK(final.seeds_2pt >= 25);
    CHECK(final.seeds_2pt <= 48);
    CHECK(final.resolved > 0.03);  // "ten seeds resolve only gaps of 4 points and more"
    CHECK(final.resolved < 0.05);
  }
  CHECK(summary_of(panel_of(*all, "kmeans"), "least_confidence").largest_drop <= 0.435);
}
