#include <cmath>
#include <limits>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <al_mpi/query/diagnostics.hpp>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

at::Tensor on_a_line(const std::vector<float>& x) {
  return at::tensor(x).unsqueeze(1);
}

}  // namespace

TEST_CASE("the coverage radius is the distance of the point farthest from its nearest centre") {
  const at::Tensor points = on_a_line({0, 1, 4, 9, 12});
  CHECK(coverage_radius(points, on_a_line({0})) == Approx(12));
  CHECK(coverage_radius(points, on_a_line({0, 10})) == Approx(4));
  CHECK(coverage_radius(points, points) == 0);
  CHECK(std::isnan(coverage_radius(points, at::empty({0, 1}))));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(coverage_radius(on_a_line({0, nan, 3}), on_a_line({1, nan})) == Approx(2));
}

TEST_CASE("batch diversity is the mean distance of all pairs") {
  CHECK(mean_pairwise_distance(on_a_line({0, 3, 9})) == Approx((3 + 9 + 6) / 3.0));
  CHECK(mean_pairwise_distance(on_a_line({5, 5})) == 0);
  CHECK(std::isnan(mean_pairwise_distance(on_a_line({5}))));
}

TEST_CASE("pool entropy is the mean over the samples asked for") {
  FakePredictions predictions;
  predictions.probs =
      at::tensor(std::vector<float>{0.5F, 0.5F, 1, 0, 0.25F, 0.75F}).reshape({3, 2});
  const double third = -0.25 * std::log(0.25) - 0.75 * std::log(0.75);
  CHECK(mean_entropy(predictions, {0, 1}) == Approx(std::log(2.0) / 2).epsilon(1e-6));
  CHECK(mean_entropy(predictions, {0, 1, 2}) == Approx((std::log(2.0) + third) / 3).epsilon(1e-6));
  CHECK(std::isnan(mean_entropy(predictions, {})));
}
