#include <cmath>

#include "catch.hpp"
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

TEST_CASE("a sample has mean, sample deviation and its number of values") {
  const Sample s = describe({2, 4, 4, 4, 5, 5, 7, 9});  // squares sum to 32
  CHECK(s.n == 8);
  CHECK(s.mean == Approx(5.0));
  CHECK(s.std == Approx(std::sqrt(32.0 / 7)));
  CHECK(population_std({2, 4, 4, 4, 5, 5, 7, 9}) == Approx(2.0));
}

TEST_CASE("missing values are left out and counted") {
  const Sample s = describe({missing, 1, 3, missing});
  CHECK(s.n == 2);
  CHECK(s.mean == Approx(2.0));
  CHECK(s.std == Approx(std::sqrt(2.0)));
  CHECK(median({missing, 3, 1}) == Approx(2.0));
}

TEST_CASE("one value has a mean and no deviation, none has neither") {
  CHECK(describe({5}).mean == 5.0);
  CHECK(std::isnan(describe({5}).std));
  CHECK(population_std({5}) == 0.0);
  CHECK(describe({}).n == 0);
  CHECK(std::isnan(describe({missing}).mean));
  CHECK(std::isnan(median({})));
}

TEST_CASE("the median of an odd and an even number of values") {
  CHECK(median({9, 1, 5}) == 5.0);
  CHECK(median({9, 1, 5, 6}) == 5.5);
}

TEST_CASE("differences that are rounding are zero") {
  const auto d = differences({0.3, 0.1 + 0.2, 1.0, missing}, {0.1, 0.3, missing, 1.0});
  CHECK(d[0] == Approx(0.2));
  CHECK(d[1] == 0.0);
  CHECK(std::isnan(d[2]));
  CHECK(std::isnan(d[3]));
  CHECK_THROWS(differences({1}, {1, 2}));
}

TEST_CASE("a deviation of differences that is rounding of what was subtracted is zero") {
  CHECK(describe_differences({0.3, 0.5}, {0.1, 0.3}).std == 0.0);
  CHECK(describe_differences({0.3, 0.5}, {0.1, 0.3}).mean == Approx(0.2));
  CHECK(describe_differences({0.3, 0.5}, {0.1, 0.3001}).std > 0.0);
  CHECK(describe_differences({0.3, missing}, {0.1, 0.3}).n == 1);
  CHECK(is_rounding(1e-8, 0.5));
  CHECK_FALSE(is_rounding(1e-6, 0.5));
}

TEST_CASE("Student's interval: half the width from a table of t") {
  // n = 5, t(0.975, 4) = 2.776; std of 1..5 is sqrt(2.5).
  CHECK(half_width(describe({1, 2, 3, 4, 5}), 0.95) ==
        Approx(2.7764 * std::sqrt(2.5 / 5)).epsilon(1e-4));
  CHECK(half_width(describe({2, 2, 2}), 0.95) == 0.0);
  CHECK(std::isnan(half_width(describe({1, missing}), 0.95)));
}
