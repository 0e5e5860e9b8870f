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
