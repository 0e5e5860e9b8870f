// Calibration error and the temperature that lowers it. Numbers by hand unless said otherwise.

#include <cmath>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/calibration.hpp"

using namespace al_mpi;

TEST_CASE("the calibration error is the gap of confidence and accuracy by bins") {
  // 0.95 and 0.93 in one bin, one of them right: |1.88 - 1|; 0.62 alone and right: |0.62 - 1|.
  const at::Tensor p = matrix({{0.95F, 0.05F}, {0.07F, 0.93F}, {0.62F, 0.38F}}).to(at::kDouble);
  const at::Tensor labels = at::tensor(std::vector<std::int64_t>{0, 0, 0});
  CHECK(calibration_error(p, labels) == Approx((0.88 + 0.38) / 3).epsilon(1e-6));
}

TEST_CASE("a temperature divides logits") {
  const at::Tensor p = matrix({{0.8F, 0.2F}}).to(at::kDouble);  // odds 4; at temperature 2 odds 2
  CHECK(at_temperature(p, 2.0)[0][0].item<double>() == Approx(2.0 / 3).epsilon(1e-6));
  CHECK(at_temperature(p, 1.0)[0][0].item<double>() == Approx(0.8).epsilon(1e-6));
}

TEST_CASE("a head that learnt wrong labels by heart is told to be less sure") {
  constexpr std::int64_t n = 200;
  const at::Tensor x = random_tensor({n, 60}, 1);
  std::vector<std::int64_t> clean, noisy;
  RngStream rng(2, "test");
  for (std::int64_t i = 0; i < n; ++i) {
    clean.push_back(x[i][0].item<float>() > 0 ? 1 : 0);
    noisy.push_back(rng.uniform() < 0.4 ? 1 - clean.back() : clean.back());
  }
  RngStream folds(3, "test");
  CHECK(held_out_temperature(x, noisy, 2, 0.05, folds) >= 2.0);
  // A head that stopped early on samples that are easy is too unsure as it is.
  const at::Tensor easy = x.narrow(1, 0, 1).sign();
  CHECK(held_out_temperature(easy, clean, 2, 0.5, folds) == 1.0);
}

TEST_CASE("too few samples, or equal ones, leave the temperature finite") {
  RngStream rng(1, "test");
  CHECK(held_out_temperature(random_tensor({4, 3}, 1), {0, 1, 0, 1}, 2, 0.1, rng) == 1.0);
  const at::Tensor equal = at::zeros({10, 3});
  const std::vector<std::int64_t> one_class(10, 1);
  const double tau = held_out_temperature(equal, one_class, 2, 0.1, rng);
  CHECK((tau >= 1.0 && tau < 20.0));
}
