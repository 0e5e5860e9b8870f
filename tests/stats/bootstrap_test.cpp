#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include <al_mpi/base/rng.hpp>
#include <al_mpi/stats/bootstrap.hpp>
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

TEST_CASE("two values give resampled means at both and between them") {
  // The mean of a resample of {0, 1} is 0, 1/2, 1 with chances 1/4, 1/2, 1/4.
  const Interval wide = PairedBootstrap(2, 4000).mean({0, 1}, 0.95);
  CHECK(wide.low == 0.0);
  CHECK(wide.high == 1.0);
  const Interval narrow = PairedBootstrap(2, 4000).mean({0, 1}, 0.3);
  CHECK(narrow.low == 0.5);
  CHECK(narrow.high == 0.5);
}

TEST_CASE("the interval of many values is that of the normal theory") {
  RngStream rng(3, "test");
  std::vector<double> values(400);
  for (double& value : values) value = rng.normal();
  const Interval i = PairedBootstrap(400, 4000).mean(values);
  CHECK(i.high - i.low == Approx(2 * 1.96 / 20).epsilon(0.1));
}

TEST_CASE("resamples are paired: a constant gap between strategies stays one") {
  const PairedBootstrap bootstrap(4, 500);
  const Interval a = bootstrap.mean({0.1, 0.5, 0.2, 0.9}), b = bootstrap.mean({0.2, 0.6, 0.3, 1.0});
  CHECK(b.low - a.low == Approx(0.1));
  CHECK(b.high - a.high == Approx(0.1));
}

TEST_CASE("the same numbers come out every time") {
  const std::vector<double> values = {0.1, 0.7, 0.4, 0.3};
  CHECK(PairedBootstrap(4, 200, 5).mean(values).low == PairedBootstrap(4, 200, 5).mean(values).low);
}

TEST_CASE("a missing unit is left out; one value, or equal ones, have no interval") {
  const Interval interval = PairedBootstrap(3, 200).mean({0.5, missing, 0.7});
  CHECK(interval.low == Approx(0.5));
  CHECK(interval.high == Approx(0.7));
  CHECK(std::isnan(PairedBootstrap(3, 200).mean({0.5, missing, 0.5}).low));
  CHECK(std::isnan(PairedBootstrap(3, 200).mean({0.3, 0.1 + 0.2, 0.3}).high));
  CHECK(std::isnan(PairedBootstrap(3, 200).mean({missing, missing, 1.0}).low));
  CHECK(std::isnan(PairedBootstrap(1, 200).mean({1.0}).high));
}

TEST_CASE("resampled means of rows are those of one set of resamples") {
  const auto means = PairedBootstrap(2, 400).means({{0, 1}, {10, 11}, {missing, 3}});
  REQUIRE(means.size() == 400);
  std::size_t unknown = 0;
  for (const auto& m : means) {
    CHECK((m[0] == 0.0 || m[0] == 0.5 || m[0] == 1.0));
    CHECK(m[1] == m[0] + 10);
    CHECK(std::isnan(m[2]) == (m[0] == 0.0));  // only the missing unit was drawn
    unknown += std::isnan(m[2]) ? 1 : 0;
  }
  CHECK(unknown > 60);
  CHECK(unknown < 140);
}

TEST_CASE("percentiles may be infinite") {
  const double infinite = std::numeric_limits<double>::infinity();
  std::vector<double> values(100, 5.0);
  std::fill(values.begin(), values.begin() + 10, infinite);
  CHECK(percentile_interval(values, 0.95).low == 5.0);
  CHECK(percentile_interval(values, 0.95).high == infinite);
  CHECK(percentile_interval(values, 0.5).high == 5.0);
  CHECK(std::isnan(percentile_interval({-infinite, infinite}, 0.9).low));  // says nothing
  CHECK(std::isnan(percentile_interval({}, 0.9).low));
}

TEST_CASE("values that are not known widen both ends of a percentile interval") {
  std::vector<double> values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  values[0] = missing;  // instead of 1: could be beyond 10 as well
  const Interval interval = percentile_interval(values, 0.7);
  CHECK(interval.low == Approx(2.35));  // of -inf, 2 ... 10
  CHECK(interval.high == Approx(9.65));
  CHECK(std::isnan(percentile_interval(values, 0.9999).low));  // could be anything at either end
}
