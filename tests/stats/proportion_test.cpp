#include <cmath>

#include <al_mpi/stats/proportion.hpp>

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("Wilson's interval of 8 of 10 is the one worked out by hand") {
  // z = 1.959964: centre (0.8 + 0.192073) / 1.384146, half width 1.959964 / 1.384146 x
  // sqrt(0.016 + 0.0096036).
  const Proportion p = wilson(8, 10, 0.95);
  CHECK(p.share == Approx(0.8));
  CHECK(p.low == Approx(0.490162).margin(2e-5));
  CHECK(p.high == Approx(0.943318).margin(2e-5));
}

TEST_CASE("Wilson's interval never leaves 0 .. 1, and is wide where little is known") {
  CHECK(wilson(0, 5, 0.95).low == 0);
  CHECK(wilson(0, 5, 0.95).high == Approx(0.434482).margin(2e-5));
  CHECK(wilson(5, 5, 0.95).high == 1);
  CHECK(wilson(50, 100, 0.95).high - wilson(50, 100, 0.95).low <
        wilson(5, 10, 0.95).high - wilson(5, 10, 0.95).low);
  CHECK(std::isnan(wilson(0, 0, 0.95).low));
}
