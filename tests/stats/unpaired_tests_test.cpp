#include <cmath>

#include "catch.hpp"
#include <al_mpi/stats/unpaired_tests.hpp>

using namespace al_mpi;

namespace {
const std::vector<double> a = {0.81, 0.79, 0.84, 0.80, 0.86}, b = {0.78, 0.70, 0.80};
}  // namespace

TEST_CASE("Welch's test agrees with scipy.stats.ttest_ind(equal_var=False)") {
  const WelchTest t = welch(a, b);
  CHECK(t.n_a == 5);
  CHECK(t.n_b == 3);
  CHECK(t.difference == Approx(0.06));
  CHECK(t.statistic() == Approx(1.8063332691267324));
  CHECK(t.degrees == Approx(2.74931775835785));
  CHECK(t.p == Approx(0.17692610664973166));
  CHECK(t.interval(0.95).low == Approx(-0.05137717685179742));
  CHECK(t.interval(0.95).high == Approx(0.17137717685179732));
  CHECK(t.equivalence(0.1).not_lower == Approx(0.010381339505567638));
  CHECK(t.equivalence(0.1).both == Approx(0.1609333543778555));
}

TEST_CASE("too few values, missing ones and such that do not vary have no p") {
  CHECK(std::isnan(welch({1}, {2, 3}).p));
  CHECK(welch({1}, {2, 4}).difference == Approx(-2));
  CHECK(welch({1, missing, 3}, {2, 3}).n_a == 2);
  CHECK(std::isnan(welch({0.3, 0.1 + 0.2}, {0.5, 0.5}).p));
  CHECK(std::isnan(welch({0.3, 0.3}, {0.5, 0.5}).interval(0.9).low));
  CHECK(std::isnan(welch({0.3, 0.3}, {0.5, 0.5}).equivalence(0.1).both));
  CHECK(welch({0.3, 0.3}, {0.5, 0.6}).p < 1.0);  // one side varies: enough
}
