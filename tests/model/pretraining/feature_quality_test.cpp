#include <ATen/ATen.h>

#include "catch.hpp"
#include <al_mpi/model/feature_quality.hpp>

using namespace al_mpi;

TEST_CASE("k-NN votes by cosine, whatever the lengths") {
  // Two directions; 30 rows of each, so that the 20 nearest are of one class.
  const at::Tensor x = at::tensor({1.0f, 0.1f}).repeat({30, 1});
  const at::Tensor y = at::tensor({0.1f, 5.0f}).repeat({30, 1});
  LabeledFeatures train{at::cat({x, y}), std::vector<std::int64_t>(30, 0)};
  train.labels.resize(60, 1);
  const at::Tensor test = at::tensor({9.0f, 0.0f, 0.0f, 0.01f, 0.5f, 0.4f}).view({3, 2});
  CHECK(knn_accuracy(train, {test, {0, 1, 0}}) == 1.0);
  CHECK(knn_accuracy(train, {test, {0, 1, 1}}) == Approx(2.0 / 3));
}

TEST_CASE("near neighbours outvote many far ones") {
  // Three rows of class 1 at the query, 17 of class 0 at a right angle: weights e^(1/0.07)
  // against 1.
  const at::Tensor rows =
      at::cat({at::tensor({1.0f, 0.0f}).repeat({3, 1}), at::tensor({0.0f, 1.0f}).repeat({17, 1})});
  LabeledFeatures train{rows, {1, 1, 1}};
  train.labels.resize(20, 0);
  CHECK(knn_accuracy(train, {at::tensor({1.0f, 0.0f}).view({1, 2}), {1}}) == 1.0);
}

TEST_CASE("a linear probe separates what is linearly separable only") {
  const at::Tensor corners = at::tensor({0.f, 0.f, 0.f, 1.f, 1.f, 0.f, 1.f, 1.f}).view({4, 2});
  const std::vector<std::int64_t> by_column = {0, 0, 1, 1}, by_xor = {0, 1, 1, 0};
  CHECK(linear_probe_accuracy({corners, by_column}, {corners, by_column}) == 1.0);
  CHECK(linear_probe_accuracy({corners, by_xor}, {corners, by_xor}) < 1.0);
}
