#include <cmath>

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
