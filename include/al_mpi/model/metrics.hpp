#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace al_mpi {

/// Counts of (true, predicted) over labelled samples or valid pixels: [K, K] row-major.
struct ConfusionMatrix {
  explicit ConfusionMatrix(std::int64_t n_classes = 0);
  void add(std::int64_t truth, std::int64_t predicted, std::int64_t count = 1);
  std::int64_t at(std::int64_t truth, std::int64_t predicted) const;
  std::int64_t total() const;

  std::int64_t n_classes = 0;
  std::vector<std::int64_t> counts;
};

// From one confusion matrix; classes absent from both truth and prediction are left out of means.
double accuracy(const ConfusionMatrix& matrix);  ///< correct / total; NaN if empty
double balanced_accuracy(
    const ConfusionMatrix& matrix);  ///< mean recall over classes present in the truth
double macro_f1(
    const ConfusionMatrix& matrix);  ///< mean F1 over classes present in truth or prediction
/// TP/(TP+FP+FN) of each class [K]; NaN for a class that is absent from the truth.
std::vector<double> class_ious(const ConfusionMatrix& matrix);
/// 2TP/(2TP+FP+FN) likewise.
std::vector<double> class_f1s(const ConfusionMatrix& matrix);
/// Mean IoU over the classes present in the truth: a set that the test set fixes, so that the
/// values of two rounds or two networks are means over the same classes.
double mean_iou(const ConfusionMatrix& matrix);
/// The same mean, each class weighted by its share of the truth.
double frequency_weighted_iou(const ConfusionMatrix& matrix);

/// The published study's mIoU, from `all_pixels`: those without a label count too (as class 0, so
/// what is predicted there is a false positive), the mean is over classes 1 .. the highest one
/// predicted, and classes that occur nowhere count as 0 in it. NaN where nothing but class 0 is
/// predicted (there it divides by zero).
double reference_mean_iou(const ConfusionMatrix& all_pixels);

/// Expected calibration error: equal-width bins over the confidence of the predicted class.
/// Reference: Guo et al., On calibration of modern neural networks (ICML 2017), equation 3; 15 bins
/// unless told.
class CalibrationError {
 public:
  static constexpr std::size_t n_bins = 15;
  explicit CalibrationError(std::size_t bins = n_bins) : bins_(3 * bins, 0.0) {}

  void add(double confidence, bool correct);
  /// Predictions whose confidences lie in one bin: their sum, how many are correct, how many there
  /// are.
  void add(std::size_t bin, double confidence, std::int64_t correct, std::int64_t count);
  double value() const;  ///< NaN if empty
  /// [bins, 3] row-major: sum of confidences, correct ones, all.
  const std::vector<double>& bins() const { return bins_; }

 private:
  std::vector<double> bins_;
};

/// What one pass over a split gave.
struct Evaluation {
  ConfusionMatrix confusion;
  /// Segmentation: every pixel, those without a label too, against the class of the largest logit,
  /// the ignored class among them. Only reference_mean_iou() looks at it.
  ConfusionMatrix all_pixels;
  double nll = 0.0;                 ///< mean negative log-likelihood of the true class [nat]
  double ece = 0.0;                 ///< expected calibration error, [0, 1]
  std::vector<double> calibration;  ///< CalibrationError::bins(); empty without predictions
  // Segmentation:
  double boundary_f1 = 0.0;    ///< see src/model/training/boundary_f1.hpp
  double ignored_share = 0.0;  ///< of all pixels, those without a label

  /// The named numbers that a RoundRecord stores, in its order.
  std::vector<std::pair<std::string, double>> metrics() const;
};

/// Further numbers of a segmentation: frequency_weighted_iou, boundary_f1, ignored_share, and
/// iou_NAME and f1_NAME of each class but the ignored one (blanks of names become underscores).
std::vector<std::pair<std::string, double>> pixel_metrics(const Evaluation& evaluation,
                                                          const std::vector<std::string>& classes,
                                                          std::int64_t ignore_label);

}  // namespace al_mpi
