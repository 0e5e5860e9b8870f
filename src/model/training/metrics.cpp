#include <al_mpi/model/metrics.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The four-field table of one class against the others; `fn` are its samples found elsewhere.
struct ClassCounts {
  double tp = 0, fp = 0, fn = 0;
};

ClassCounts class_counts(const ConfusionMatrix& matrix, std::int64_t k) {
  ClassCounts out;
  out.tp = static_cast<double>(matrix.at(k, k));
  for (std::int64_t other = 0; other < matrix.n_classes; ++other) {
    if (other == k) continue;
    out.fn += static_cast<double>(matrix.at(k, other));
    out.fp += static_cast<double>(matrix.at(other, k));
  }
  return out;
}

/// Mean of `value` over the classes for which it is a number; NaN if there is none.
double class_mean(const ConfusionMatrix& matrix,
                  const std::function<double(const ClassCounts&)>& value) {
  double sum = 0;
  std::int64_t n = 0;
  for (std::int64_t k = 0; k < matrix.n_classes; ++k) {
    const double v = value(class_counts(matrix, k));  // 0/0 = NaN marks an absent class
    if (std::isnan(v)) continue;
    sum += v;
    ++n;
  }
  return n > 0 ? sum / static_cast<double>(n) : nan;
}

double iou(const ClassCounts& c) {
  return c.tp / (c.tp + c.fp + c.fn);
}
double f1(const ClassCounts& c) {
  return 2 * c.tp / (2 * c.tp + c.fp + c.fn);
}

/// `value` of each class; NaN for those that the truth has nothing of.
std::vector<double> of_classes(const ConfusionMatrix& matrix, double (*value)(const ClassCounts&)) {
  std::vector<double> values;
  for (std::int64_t k = 0; k < matrix.n_classes; ++k) {
    const ClassCounts c = class_counts(matrix, k);
    values.push_back(c.tp + c.fn > 0 ? value(c) : nan);
  }
  return values;
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::int64_t n)
    : n_classes(n), counts(static_cast<std::size_t>(n * n), 0) {}

void ConfusionMatrix::add(std::int64_t truth, std::int64_t predicted, std::int64_t count) {
  check(truth >= 0 && truth < n_classes && predicted >= 0 && predicted < n_classes,
        "confusion matrix of {} classes: entry ({}, {})", n_classes, truth, predicted);
  counts[static_cast<std::size_t>(truth * n_classes + predicted)] += count;
}

std::int64_t ConfusionMatrix::at(std::int64_t truth, std::int64_t predicted) const {
  return counts[static_cast<std::size_t>(truth * n_classes + predicted)];
}

std::int64_t ConfusionMatrix::total() const {
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) sum += count;
  return sum;
}

double accuracy(const ConfusionMatrix& matrix) {
  std::int64_t correct = 0;
  for (std::int64_t k = 0; k < matrix.n_classes; ++k) correct += matrix.at(k, k);
  return static_cast<double>(correct) / static_cast<double>(matrix.total());
}

double balanced_accuracy(const ConfusionMatrix& matrix) {
  return class_mean(matrix, [](const ClassCounts& c) { return c.tp / (c.tp + c.fn); });
}

double macro_f1(const ConfusionMatrix& matrix) {
  return class_mean(matrix, f1);
}

std::vector<double> class_ious(const ConfusionMatrix& matrix) {
  return of_classes(matrix, iou);
}

std::vector<double> class_f1s(const ConfusionMatrix& matrix) {
  return of_classes(matrix, f1);
}

double mean_iou(const ConfusionMatrix& matrix) {
  return class_mean(matrix, [](const ClassCounts& c) { return c.tp + c.fn > 0 ? iou(c) : nan; });
}

double frequency_weighted_iou(const ConfusionMatrix& matrix) {
  double sum = 0;
  for (std::int64_t k = 0; k < matrix.n_classes; ++k) {
    const ClassCounts c = class_counts(matrix, k);
    if (c.tp + c.fn > 0) sum += (c.tp + c.fn) * iou(c);
  }
  return sum / static_cast<double>(matrix.total());
}

double reference_mean_iou(const ConfusionMatrix& all_pixels) {
  std::int64_t highest = 0;
  double sum = 0;
  for (std::int64_t k = 1; k < all_pixels.n_classes; ++k) {
    const ClassCounts c = class_counts(all_pixels, k);
    if (c.tp + c.fp > 0) highest = k;
    if (c.tp > 0) sum += iou(c);
  }
  return highest > 0 ? sum / static_cast<double>(highest) : nan;
}

void CalibrationError::add(double confidence, bool correct) {
  const std::size_t n = bins_.size() / 3;
  const auto bin =
      static_cast<std::size_t>(std::clamp(confidence, 0.0, 1.0) * static_cast<double>(n));
  add(std::min(bin, n - 1), confidence, correct ? 1 : 0, 1);
}

void CalibrationError::add(std::size_t bin, double confidence, std::int64_t correct,
                           std::int64_t count) {
  bins_[3 * bin] += confidence;
  bins_[3 * bin + 1] += static_cast<double>(correct);
  bins_[3 * bin + 2] += static_cast<double>(count);
}

double CalibrationError::value() const {
  double gap = 0, total = 0;
  for (std::size_t b = 0; b < bins_.size(); b += 3) {
    gap += std::abs(bins_[b + 1] - bins_[b]);
    total += bins_[b + 2];
  }
  return gap / total;
}

std::vector<std::pair<std::string, double>> Evaluation::metrics() const {
  return {{"accuracy", accuracy(confusion)},
          {"balanced_accuracy", balanced_accuracy(confusion)},
          {"macro_f1", macro_f1(confusion)},
          {"mean_iou", mean_iou(confusion)},
          {"nll", nll},
          {"ece", ece}};
}

std::vector<std::pair<std::string, double>> pixel_metrics(const Evaluation& evaluation,
                                                          const std::vector<std::string>& classes,
                                                          std::int64_t ignore_label) {
  std::vector<std::pair<std::string, double>> metrics = {
      {"frequency_weighted_iou", frequency_weighted_iou(evaluation.confusion)},
      {"boundary_f1", evaluation.boundary_f1},
      {"ignored_share", evaluation.ignored_share}};
  const auto add_classes = [&](const std::string& family, const std::vector<double>& values) {
    for (std::size_t k = 0; k < classes.size(); ++k) {
      if (static_cast<std::int64_t>(k) == ignore_label) continue;
      std::string name = family + classes[k];
      std::replace_if(
          name.begin(), name.end(), [](char c) { return c == ' ' || c == '/'; }, '_');
      metrics.emplace_back(name, values[k]);
    }
  };
  add_classes("iou_", class_ious(evaluation.confusion));
  add_classes("f1_", class_f1s(evaluation.confusion));
  return metrics;
}

}  // namespace al_mpi
