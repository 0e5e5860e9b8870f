#include <cmath>

#include "catch.hpp"
#include <al_mpi/io/hdf5.hpp>
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

TEST_CASE("a class that is only predicted counts in F1 but not in recall and mIoU") {
  ConfusionMatrix matrix(2);
  matrix.add(0, 0, 3);
  matrix.add(0, 1, 1);
  CHECK(balanced_accuracy(matrix) == Approx(0.75));
  CHECK(macro_f1(matrix) == Approx((6.0 / 7 + 0.0) / 2));
  CHECK(mean_iou(matrix) == Approx(3.0 / 4));  // the test set fixes the classes of the mean
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

TEST_CASE("a segmentation has an IoU and an F1 for each class but the ignored one") {
  Evaluation evaluation;
  evaluation.confusion = example();
  evaluation.confusion.add(2, 3);  // class 3 is predicted, but not in the test set
  evaluation.boundary_f1 = 0.25;
  evaluation.ignored_share = 0.5;
  const auto metrics =
      pixel_metrics(evaluation, {"no data", "water", "shrub and scrub", "bare"}, 0);
  REQUIRE(metrics.size() == 9);
  CHECK(metrics[0].first == "frequency_weighted_iou");
  CHECK(metrics[1] == std::make_pair(std::string("boundary_f1"), 0.25));
  CHECK(metrics[2] == std::make_pair(std::string("ignored_share"), 0.5));
  CHECK(metrics[3] == std::make_pair(std::string("iou_water"), 2.0 / 5));
  CHECK(metrics[4] == std::make_pair(std::string("iou_shrub_and_scrub"), 0.0));
  CHECK(metrics[5].first == "iou_bare");
  CHECK(std::isnan(metrics[5].second));
  CHECK(metrics[6] == std::make_pair(std::string("f1_water"), 4.0 / 7));
  CHECK(metrics[7] == std::make_pair(std::string("f1_shrub_and_scrub"), 0.0));
  CHECK(std::isnan(metrics[8].second));
}

TEST_CASE(
    "the reference's mIoU counts pixels without a label and stops at the highest prediction") {
  ConfusionMatrix all_pixels(4);
  all_pixels.add(0, 1, 2);  // no label: false positives of class 1
  all_pixels.add(1, 1, 3);
  all_pixels.add(3, 1, 1);
  all_pixels.add(3, 2, 1);  // class 3 is never predicted: not in the mean
  CHECK(reference_mean_iou(all_pixels) == Approx((3.0 / 6 + 0.0 / 1) / 2));
  ConfusionMatrix nothing(2);
  nothing.add(1, 0, 5);
  CHECK(std::isnan(reference_mean_iou(nothing)));
}

// tests/data/reference.h5: label maps with no data (0), and the reference implementation's answer.
TEST_CASE("both mIoUs of the oracle's label maps are met") {
  const Hdf5File file = Hdf5File::open(std::string(AL_TEST_DATA) + "/reference.h5");
  const auto truth = file.read<std::uint8_t>("/segmentation/miou/true");
  const auto predicted = file.read<std::uint8_t>("/segmentation/miou/pred");
  ConfusionMatrix all_pixels(11), valid(11);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    all_pixels.add(truth[i], predicted[i]);
    if (truth[i] != 0) valid.add(truth[i], predicted[i]);
  }
  const auto oracle = [&](const char* name) {
    return file.read<double>(std::string("/segmentation/miou/") + name).at(0);
  };
  CHECK(reference_mean_iou(all_pixels) == Approx(oracle("reference_value")).epsilon(1e-12));
  // Predictions of "no data" on labelled pixels count against the class that they miss.
  CHECK(mean_iou(valid) == Approx(oracle("ignore_aware_value")).epsilon(1e-12));
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
  REQUIRE(error.bins().size() == 3 * CalibrationError::n_bins);
  CHECK(error.bins()[3 * 14] == Approx(2.90));
  CHECK(error.bins()[3 * 14 + 1] == 2.0);
  CHECK(error.bins()[3 * 14 + 2] == 3.0);
  CHECK(error.bins()[3 * 7 + 2] == 1.0);
}

TEST_CASE("the number of a calibration's bins can be told") {
  CalibrationError two(2);
  two.add(0.2, false);
  two.add(0.9, true);
  two.add(-0.5, true);  // no confidence lies outside of the bins
  CHECK(two.bins() == std::vector<double>{0.2 - 0.5, 1, 2, 0.9, 1, 1});
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
