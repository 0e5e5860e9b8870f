#include <set>
#include <tuple>

#include "tools/aggregate/figures/looks.hpp"

#include "catch.hpp"
#include <al_mpi/catalog/catalog.hpp>

using namespace al_mpi;

TEST_CASE(
    "every strategy looks different, also without colour: line and marker differ within a turn") {
  std::set<std::tuple<std::string, int, std::string>> looks;
  std::set<std::pair<std::string, std::string>> lines;
  for (const StrategyInfo& info : strategy_catalog()) {
    const Look look = look_of(info.name);
    CHECK(look.colour.size() == 7);
    looks.insert({look.colour, look.marker, look.dash});
    lines.insert({look.colour, look.dash});
  }
  CHECK(looks.size() == strategy_catalog().size());
  CHECK(lines.size() == strategy_catalog().size());
}

TEST_CASE("the look depends on the name alone, and random sampling is black") {
  CHECK(look_of("random_sampling").colour == "#000000");
  CHECK(look_of("margin_sampling").colour == look_of("margin_sampling").colour);
  CHECK_FALSE(look_of("a_strategy_of_tomorrow").colour.empty());
}

TEST_CASE("oracles are marked wherever a figure names them") {
  CHECK(shown_name("class_balanced_random") == "class_balanced_random (oracle)");
  CHECK(shown_name("stratified") == "stratified (oracle)");
  CHECK(shown_name("random_sampling") == "random_sampling");
  CHECK(shown_name("a_strategy_of_tomorrow") == "a_strategy_of_tomorrow");
}

TEST_CASE("oracles are grey with long dashes, and nothing else is") {
  for (const StrategyInfo& info : strategy_catalog()) {
    CHECK((look_of(info.name).dash == "(10,6)") == info.oracle);
  }
}
