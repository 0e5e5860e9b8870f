#include <cmath>

#include "catch.hpp"
#include <al_mpi/model/metrics.hpp>

using namespace al_mpi;

namespace {

/// Rows = truth, columns = prediction. Class 3 occurs nowhere.
ConfusionMatrix example() {
  ConfusionMatrix matrix(4);
  matrix.add(0, 0, 5);
  matrix.add(0, 1, 1);
  matrix.add(1, 1, 2);
  matrix.add(1, 0, 2);
  matrix.add(2, 0, 1);
  return matrix;
}

}  // namespace

// Expected values in this file are calculated by hand.
TEST_CASE("metrics of a confusion matrix leave out classes that occur nowhere") {
  const ConfusionMatrix matrix = example();
  CHECK(matrix.total() == 11);
  CHECK(accuracy(matrix) == Approx(7.0 / 11));
  CHECK(balanced_accuracy(matrix) == Approx((5.0 / 6 + 2.0 / 4 + 0.0) / 3));
  // tp, fp, fn: class 0 (5, 3, 1), class 1 (2, 1, 2), class 2 (0, 0, 1)
  CHECK(macro_f1(matrix) == Approx((10.0 / 14 + 4.0 / 7 + 0.0) / 3));
  CHECK(mean_iou(matrix) == Approx((5.0 / 9 + 2.0 / 5 + 0.0) / 3));
  CHECK(frequency_weighted_iou(matrix) == Approx((6 * 5.0 / 9 + 4 * 2.0 / 5 + 0.0) / 11));
}

TEST_CASE("a class that is only predicted counts in F1 and IoU but not in recall") {
  ConfusionMatrix matrix(2);
  matrix.add(0, 0, 3);
  matrix.add(0, 1, 1);
  CHECK(balanced_accuracy(matrix) == Approx(0.75));
  CHECK(macro_f1(matrix) == Approx((6.0 / 7 + 0.0) / 2));
  CHECK(mean_iou(matrix) == Approx((3.0 / 4 + 0.0) / 2));
  CHECK(frequency_weighted_iou(matrix) == Approx(0.75));
}

TEST_CASE("metrics of an empty confusion matrix are no numbers") {
  const ConfusionMatrix matrix(3);
  CHECK(std::isnan(accuracy(matrix)));
  CHECK(std::isnan(balanced_accuracy(matrix)));
  CHECK(std::isnan(macro_f1(matrix)));
  CHECK(std::isnan(mean_iou(matrix)));
  CHECK(std::isnan(frequency_weighted_iou(matrix)));
}

TEST_CASE("a confusion matrix refuses classes that it does not have") {
  ConfusionMatrix matrix(2);
  CHECK_THROWS(matrix.add(2, 0));
  CHECK_THROWS(matrix.add(0, -1));
}

TEST_CASE("the calibration error weights the gap of each bin by its samples") {
  CalibrationError error;
  CHECK(std::isnan(error.value()));
  error.add(0.95, true);  // bin 14: confidence 1.90, correct 1
  error.add(0.95, false);
  error.add(0.50, true);  // bin 7: confidence 0.50, correct 1
  error.add(1.00, true);  // bin 14 too
  // bin 14: |2 - 2.90| = 0.90; bin 7: |1 - 0.50| = 0.50; over 4 samples
  CHECK(error.value() == Approx((0.90 + 0.50) / 4));
}

TEST_CASE("an evaluation names its numbers in the order of the results file") {
  Evaluation evaluation;
  evaluation.confusion = example();
  evaluation.nll = 0.7;
  evaluation.ece = 0.1;
  const auto metrics = evaluation.metrics();
  REQUIRE(metrics.size() == 6);
  CHECK(metrics[0].first == "accuracy");
  CHECK(metrics[0].second == Approx(7.0 / 11));
  CHECK(metrics[3].first == "mean_iou");
  CHECK(metrics[4] == std::make_pair(std::string("nll"), 0.7));
  CHECK(metrics[5] == std::make_pair(std::string("ece"), 0.1));
}
