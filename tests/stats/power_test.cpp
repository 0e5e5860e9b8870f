#include <cmath>

#include "catch.hpp"
#include <al_mpi/stats/power.hpp>
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

TEST_CASE("power agrees with scipy's noncentral t") {
  CHECK(paired_t_power(10, 1.0, 1.0, 0.05) == Approx(0.8030968566475511));
  CHECK(paired_t_power(34, 0.5, 1.0, 0.05) == Approx(0.8077775012792737));
  CHECK(paired_t_power(10, 0.0, 1.0, 0.05) == Approx(0.05));
}

TEST_CASE("the seeds needed are the fewest that reach the power") {
  CHECK(seeds_needed(1.0, 1.0) == 10);
  CHECK(seeds_needed(0.5, 1.0) == 34);
  CHECK(seeds_needed(0.25, 1.0) == 128);
  CHECK(seeds_needed(3.0, 1.0) == 4);
  CHECK(seeds_needed(-0.01, 0.02) == seeds_needed(0.01, 0.02));
}

TEST_CASE("no spread and an unknown one have no answer, a tiny effect needs many seeds") {
  CHECK(std::isnan(seeds_needed(0.01, 0.0)));
  CHECK(seeds_needed(0.01, 1e-9) == 2);
  CHECK(std::isnan(seeds_needed(0.01, missing)));
  CHECK(seeds_needed(0.001, 0.1) == Approx(78489).margin(5));
}
