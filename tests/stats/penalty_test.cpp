#include "catch.hpp"
#include <al_mpi/stats/penalty.hpp>
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

namespace {

// Two budgets. At the first all are equal; at the second `high` leads `low` by 0.10, 0.11, 0.09,
// 0.10 (t = 24), and `noisy` by 0.2, -0.1, 0.1, 0.3.
const std::vector<std::vector<double>> low = {{.1, .2, .3, .4}, {.5, .5, .5, .5}};
const std::vector<std::vector<double>> high = {{.1, .2, .3, .4}, {.60, .61, .59, .60}};
const std::vector<std::vector<double>> noisy = {{.1, .2, .3, .4}, {.4, .71, .49, .3}};
}  // namespace

TEST_CASE("a budget counts where the row beats the column") {
  const auto wins = penalty_matrix({low, high, noisy});
  CHECK(wins[1][0] == 1);
  CHECK(wins[0][1] == 0);
  CHECK(wins[1][2] == 0);
  CHECK(wins[2][2] == 0);
}

TEST_CASE("Holm takes the family of all pairs of a budget into account") {
  // high - low: t = 24.5, p = 1.5e-4; three pairs make it 4.5e-4.
  const StrategyCurves curves = {low, high, noisy};
  CHECK(penalty_matrix(curves, {3e-4, false})[1][0] == 1);
  CHECK(penalty_matrix(curves, {3e-4, true})[1][0] == 0);
  CHECK(penalty_matrix(curves, {5e-4, true})[1][0] == 1);
}

TEST_CASE("one strategy, one seed, missing rounds: no wins") {
  CHECK(penalty_matrix({}).empty());
  CHECK(penalty_matrix({low}) == std::vector<std::vector<int>>{{0}});
  CHECK(penalty_matrix({{{1.0}}, {{0.0}}})[0][1] == 0);
  CHECK(penalty_matrix({{{1, missing, 1}}, {{missing, 0, 0}}})[0][1] == 0);
  CHECK_THROWS(penalty_matrix({low, {{1, 2, 3, 4}}}));
}
