#include "catch.hpp"
#include <al_mpi/farm/cost_model.hpp>

using namespace al_mpi;

TEST_CASE("a group starts at its prior and learns the median of its durations") {
  CostModel costs;
  const int group = costs.group("margin", 1.2);
  CHECK(costs.group("margin", 9.0) == group);
  CHECK(costs.cost(group) == Approx(1.2));
  CHECK_FALSE(costs.knows_seconds());
  for (const double seconds : {10.0, 12.0, 500.0}) costs.learn(group, seconds);
  CHECK(costs.cost(group) == Approx(12.0));
}

TEST_CASE("what one group teaches scales the guesses of the others") {
  CostModel costs;
  const int cheap = costs.group("random", 1.0);
  const int dear = costs.group("deepfool", 12.0);
  costs.learn(cheap, 30.0);
  CHECK(costs.cost(dear) == Approx(360.0));
}

TEST_CASE("old durations are forgotten after nine new ones") {
  CostModel costs;
  const int group = costs.group("a", 1.0);
  for (int i = 0; i < 9; ++i) costs.learn(group, 100.0);
  for (int i = 0; i < 9; ++i) costs.learn(group, 7.0);
  CHECK(costs.cost(group) == Approx(7.0));
}
