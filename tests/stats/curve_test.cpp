#include <cmath>

#include "catch.hpp"
#include <al_mpi/stats/curve.hpp>
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

namespace {
const std::vector<double> labels = {10, 20, 40};
}  // namespace

TEST_CASE("the area is the mean height over labels, not over rounds") {
  // 10 * (0 + 1) / 2 + 20 * (1 + 0.5) / 2 = 20 over a width of 30
  CHECK(normalized_area(labels, {0, 1, 0.5}) == Approx(20.0 / 30));
  CHECK(normalized_area(labels, {0.7, 0.7, 0.7}) == Approx(0.7));
}

TEST_CASE("an area over a part of the budget cuts the curve linearly") {
  // from 15 (height 0.5) to 20 (1): 3.75; to 30 (0.75): 8.75
  CHECK(normalized_area(labels, {0, 1, 0.5}, 15, 30) == Approx(12.5 / 15));
  CHECK(normalized_area(labels, {0, 1, 0.5}, 15, 15) == Approx(0.5));
  CHECK(std::isnan(normalized_area(labels, {0, 1, 0.5}, 5, 30)));
  CHECK(std::isnan(normalized_area(labels, {0, 1, 0.5}, 30, 20)));
}

TEST_CASE("ramp-up and plateau add up to the whole area") {
  const std::vector<double> values = {0.2, 0.8, 0.9};
  const double split = 20, whole = normalized_area(labels, values);
  CHECK(normalized_area(labels, values, 10, split) * 10 +
            normalized_area(labels, values, split, 40) * 20 ==
        Approx(whole * 30));
}

TEST_CASE("a round without a value leaves no area of what lies beside it") {
  CHECK(std::isnan(normalized_area(labels, {0, 1, missing})));
  CHECK(std::isnan(normalized_area(labels, {missing, 1, 1})));
  CHECK(std::isnan(normalized_area(labels, {0, missing, 1})));
  CHECK(normalized_area(labels, {0, 1, missing}, 10, 20) == Approx(0.5));
  CHECK(std::isnan(normalized_area(labels, {0, 1, missing}, 10, 30)));
  CHECK(normalized_area({32}, {0.4}) == Approx(0.4));
  CHECK(std::isnan(normalized_area({}, {})));
}

TEST_CASE("labels to a target are found linearly between rounds") {
  CHECK(labels_to_reach(labels, {0, 1, 0.5}, 0.25) == Approx(12.5));
  CHECK(std::isnan(labels_to_reach(labels, {0.5, missing, 0.8}, 0.7)));  // before 40, or at it
  CHECK(labels_to_reach(labels, {0.5, 0.8, missing}, 0.8) == Approx(20.0));
  CHECK(labels_to_reach(labels, {0.6, 0.7, 0.8}, 0.5) == 10.0);
  CHECK(labels_to_reach(labels, {0.6, 0.7, 0.8}, 0.8) == Approx(40.0));
  CHECK(std::isnan(labels_to_reach(labels, {0.6, 0.7, 0.8}, 0.81)));
  // after a drop the line to the next round starts at the best so far, 0.6
  CHECK(labels_to_reach({10, 20, 30, 40}, {0.2, 0.6, 0.4, 0.8}, 0.7) == Approx(35.0));
}

TEST_CASE("the ramp-up ends where most of the rise is made") {
  CHECK(ramp_up_end(labels, {0, 1, 1}) == Approx(19.0));
  CHECK(ramp_up_end(labels, {0, 0.5, 1}, 0.5) == Approx(20.0));
  CHECK(ramp_up_end(labels, {0.9, 0.5, 0.4}) == 10.0);
}

TEST_CASE("drops are counted, measured and added") {
  const Drops d = drops({0.5, 0.4, missing, 0.6, 0.3, 0.3});
  CHECK(d.count == 2);
  CHECK(d.largest == Approx(0.3));
  CHECK(d.total == Approx(0.4));
  CHECK(drops({0.1, 0.2}).count == 0);
  CHECK(drops({}).count == 0);
}

TEST_CASE("a value that is not reached lies beyond the last label, an unknown one nowhere") {
  CHECK(labels_to_reach_or_more(labels, {0, 1, 1}, 0.5) == Approx(15));
  CHECK(std::isinf(labels_to_reach_or_more(labels, {0, 1, 1}, 2)));
  CHECK(std::isnan(labels_to_reach_or_more(labels, {0, missing, 1}, 2)));
  CHECK(std::isnan(labels_to_reach_or_more({}, {}, 2)));
  CHECK(std::isnan(labels_to_reach_or_more(labels, {0, 1, 1}, missing)));
}
