#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;

namespace {

SweepConfig parsed(const std::string& yaml) {
  return parse_config(yaml, "x.yaml");
}
SweepConfig with_seeds(const std::string& seeds) {
  return parsed("sweep: {seeds: " + seeds + "}");
}

}  // namespace

TEST_CASE("seeds are ranges, lists and both") {
  using Seeds = std::vector<std::int64_t>;
  CHECK(with_seeds("1-4").sweep.seeds == Seeds{1, 2, 3, 4});
  CHECK(with_seeds("7").sweep.seeds == Seeds{7});
  CHECK(with_seeds("'1,3, 5-7'").sweep.seeds == Seeds{1, 3, 5, 6, 7});
  CHECK(with_seeds("[4, 1-2]").sweep.seeds == Seeds{4, 1, 2});
  CHECK(parsed("sweep:\n  seeds: 1,3,5-6").sweep.seeds == Seeds{1, 3, 5, 6});
}

TEST_CASE("bad seeds are refused") {
  for (const char* bad : {"1-", "-", "-3", "5-2", "''", "'1,,2'", "a", "1-2-3", "[]", "'1,1'",
                          "[1-3, 2]", "1-99999999999", "0-9223372036854775807", "1.5", "{a: 1}"}) {
    INFO(bad);
    CHECK_THROWS_AS(with_seeds(bad), ConfigError);
  }
  CHECK_THROWS_WITH(with_seeds("5-2"), "sweep.seeds: '5-2' is an empty range [x.yaml:1]");
  CHECK_THROWS_WITH(with_seeds("'1,1'"), "sweep.seeds: 1 is listed twice [x.yaml:1]");
}

TEST_CASE("the grid runs over init, seed, strategy, the last fastest") {
  const auto grid = expand(parsed(
      "sweep: {strategies: [random_sampling, margin_sampling], inits: [fps, random], seeds: 1-2}"));
  REQUIRE(grid.size() == 8);
  CHECK(grid[0].key() == "random_sampling/fps/1");
  CHECK(grid[1].key() == "margin_sampling/fps/1");
  CHECK(grid[2].key() == "random_sampling/fps/2");
  CHECK(grid[4].key() == "random_sampling/random/1");
  for (int i = 0; i < 8; ++i) CHECK(grid[static_cast<std::size_t>(i)].trial == i);
}

TEST_CASE("sweep.grid multiplies the trials by settings of their own, in one form") {
  const auto grid = expand(
      parsed("sweep: {seeds: 1-2, grid: {model.dropout: [0.50, 0.1], loop.n_init: [10, 32]}}"));
  REQUIRE(grid.size() == 8);
  CHECK(grid[0].key() == "loop.n_init=10;model.dropout=0.5;/random_sampling/random/1");
  CHECK(grid[2].key() == "loop.n_init=10;model.dropout=0.1;/random_sampling/random/1");
  CHECK(grid[4].key() == "loop.n_init=32;model.dropout=0.5;/random_sampling/random/1");
}

TEST_CASE("a bad sweep.grid is refused") {
  CHECK_THROWS_WITH(parsed("sweep: {grid: {loop.n_init: [0]}}"),
                    Contains("loop.n_init: 0 is out of range"));
  CHECK_THROWS_WITH(parsed("sweep: {grid: {loop.n_init: [1, 01]}}"), Contains("1 is listed twice"));
  CHECK_THROWS_WITH(parsed("sweep: {grid: {farm.threads: [1, 2]}}"), Contains("only keys of"));
  CHECK_THROWS_WITH(parsed("sweep: {grid: {loop.n_int: [1]}}"), Contains("sweep.grid.loop.n_int"));
  CHECK_THROWS_WITH(parsed("sweep: {grid: {loop.n_init: []}}"), Contains("nothing to run"));
}

TEST_CASE("schedules are varied like any setting") {
  const auto grid = expand(
      parsed("sweep: {strategies: [schedule], grid: {query.schedule: [[{TypiClust: 03}, badge], "
             "'[{prob_cover: 2}, margin_sampling]', [margin_sampling]]}}"));
  REQUIRE(grid.size() == 3);
  CHECK(grid[0].key() == "query.schedule=[{typiclust: 3}, badge];/schedule/random/1");
  CHECK(grid[1].key() == "query.schedule=[{prob_cover: 2}, margin_sampling];/schedule/random/1");
  CHECK(grid[2].key() == "query.schedule=[margin_sampling];/schedule/random/1");
  CHECK_THROWS_WITH(parsed("sweep: {grid: {query.schedule: [[badge], '[badge]']}}"),
                    Contains("[badge] is listed twice"));
}

TEST_CASE("a schedule is a list of strategies, each but the last with its number of rounds") {
  const auto schedule = [](const std::string& text) {
    return parse_config("{}", "x.yaml", {"query.schedule=" + text}).query.schedule;
  };
  const auto parts = schedule("[{typiclust: 3}, {badge: 10}, MarginSampling]");
  REQUIRE(parts.size() == 3);
  CHECK(parts[1].name == "badge");
  CHECK(parts[1].rounds == 10);
  CHECK(parts[2].name == "margin_sampling");
  CHECK(parts[2].rounds == 0);
  CHECK(schedule("[{badge: 3}]").front().rounds == 3);  // enough for few rounds
  const auto problem = [&](const std::string& text) -> std::string {
    try {
      schedule(text);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(problem("margin_sampling"), Contains("[{typiclust: 3}, margin_sampling] expected"));
  CHECK_THAT(problem("[]"), Contains("nothing to ask"));
  CHECK_THAT(problem("[{typiclust: 0}, badge]"),
             Contains("0 rounds of typiclust (must be 1 .. 100000)"));
  CHECK_THAT(problem("[{typiclust: x}, badge]"), Contains("'x' is no integer"));
  CHECK_THAT(problem("[typiclust, badge]"), Contains("write {typiclust: 3}"));
  CHECK_THAT(problem("[{typiclust: 100001}, badge]"), Contains("100001 rounds"));
  CHECK_THAT(problem("[{typiclust: 3}, bagde]"), Contains("did you mean 'badge'"));
  CHECK_THAT(problem("[{typiclust: 3, badge: 2}, badge]"), Contains("expected"));
  CHECK_THAT(problem("[{schedule: 3}, badge]"), Contains("schedule cannot be asked here"));
  CHECK_THAT(problem("[{class_balanced_random: 3}, badge]"), Contains("is an oracle"));
  CHECK_THROWS_WITH(parsed("query: {two_stage_first: two_stage}"),
                    Contains("two_stage cannot be asked here"));
  CHECK_THROWS_WITH(parsed("query: {two_stage_second: schedule}"),
                    Contains("schedule cannot be asked here"));
}

TEST_CASE("which strategy a schedule asks in which round is told") {
  const auto told = [](const std::string& text) {
    return describe_schedule(parse_config("{}", "x.yaml", {"query.schedule=" + text}));
  };
  CHECK(told("[{typiclust: 3}, {badge: 1}, margin_sampling]") ==
        "typiclust in rounds 1 to 3, badge in round 4, margin_sampling from round 5 on");
  CHECK(told("[badge]") == "badge from round 1 on");
  CHECK(told("[{badge: 2}]") == "badge in rounds 1 to 2");
}

TEST_CASE("a schedule is read back as it is written, and the fingerprint covers it") {
  const std::string text = "query: {schedule: [{TypiClust: 03}, badge]}";
  const SweepConfig config = parsed(text);
  CHECK(to_yaml(parsed(to_yaml(config))) == to_yaml(config));
  CHECK(settings_fingerprint(config) ==
        settings_fingerprint(parsed("query: {schedule: [{typiclust: 3}, badge]}")));
  CHECK(settings_fingerprint(config) !=
        settings_fingerprint(parsed("query: {schedule: [{typiclust: 2}, badge]}")));
  CHECK_THAT(settings_json(config), Contains("\"query.schedule\":[{\"typiclust\":3},\"badge\"]"));
}
