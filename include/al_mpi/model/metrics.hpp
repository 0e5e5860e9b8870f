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
double accuracy(const ConfusionMatrix& matrix);           ///< correct / total; NaN if empty
double balanced_accuracy(const ConfusionMatrix& matrix);  ///< mean recall over classes present in the truth
double macro_f1(const ConfusionMatrix& matrix);           ///< mean F1 over classes present in truth or prediction
double mean_iou(const ConfusionMatrix& matrix);           ///< mean TP/(TP+FP+FN) over the same classes
double frequency_weighted_iou(const ConfusionMatrix& matrix);

/// Expected calibration error: equal-width bins over the confidence of the predicted class.
/// Reference: Guo et al., On calibration of modern neural networks (2017), 15 bins.
class CalibrationError {
 public:
  void add(double confidence, bool correct);
  double value() const;  ///< NaN if empty

 private:
  static constexpr int n_bins = 15;
  std::vector<double> confidence_ = std::vector<double>(n_bins, 0.0);
  std::vector<std::int64_t> correct_ = std::vector<std::int64_t>(n_bins, 0);
  std::vector<std::int64_t> count_ = std::vector<std::int64_t>(n_bins, 0);
};

/// What one pass over a split gave.
struct Evaluation {
  ConfusionMatrix confusion;
  double nll = 0.0;  ///< mean negative log-likelihood of the true class [nat]
  double ece = 0.0;  ///< expected calibration error, [0, 1]

  /// The named numbers that a RoundRecord stores, in its order.
  std::vector<std::pair<std::string, double>> metrics() const;
};

}  // namespace al_mpi
