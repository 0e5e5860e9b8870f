#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ops/isnan.h>
#include <ATen/ops/log_softmax.h>

#include <al_mpi/model/model.hpp>

namespace al_mpi {
namespace {

/// Sums over the valid samples or pixels of all batches.
class Tally {
 public:
  Tally(const Dataset& dataset, const std::vector<std::int64_t>& valid_classes)
      : valid_classes_(valid_classes), columns_(static_cast<std::size_t>(dataset.n_classes()), -1) {
    result_.confusion = ConfusionMatrix(dataset.n_classes());
    if (dataset.task == Task::segmentation) result_.all_pixels = result_.confusion;
    for (std::size_t c = 0; c < valid_classes.size(); ++c) {
      columns_[static_cast<std::size_t>(valid_classes[c])] = static_cast<std::int64_t>(c);
    }
  }

  /// log_p [b, C] or [b, C, H, W] on the CPU, labels [b] or [b, H, W].
  void add(const at::Tensor& log_p, const at::Tensor& labels) {
    const std::int64_t n_classes = log_p.size(1);
    const at::Tensor rows = log_p.movedim(1, -1).reshape({-1, n_classes}).contiguous();
    const float* row = rows.data_ptr<float>();
    const std::int64_t* label = labels.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < rows.size(0); ++i, row += n_classes) {
      const std::int64_t truth = columns_[static_cast<std::size_t>(label[i])];
      if (truth >= 0) add_row(row, n_classes, truth);
    }
  }

  /// predicted [b, H, W] over all classes, the ignored one too.
  void add_all_pixels(const at::Tensor& predicted, const at::Tensor& labels) {
    const std::int64_t* prediction = predicted.data_ptr<std::int64_t>();
    const std::int64_t* label = labels.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < labels.numel(); ++i)
      result_.all_pixels.add(label[i], prediction[i]);
  }

  /// Counts the images of [b, ...] of which a prediction is no number.
  void look_for_nan(const at::Tensor& log_p) {
    n_bad_ += at::isnan(log_p).flatten(1).any(1).sum().item<std::int64_t>();
  }
  std::int64_t n_bad() const { return n_bad_; }

  Evaluation result() {
    result_.nll = nll_ / static_cast<double>(result_.confusion.total());
    result_.ece = calibration_.value();
    return result_;
  }

 private:
  void add_row(const float* log_p, std::int64_t n_classes, std::int64_t truth) {
    const std::int64_t predicted = std::max_element(log_p, log_p + n_classes) - log_p;
    result_.confusion.add(valid_classes_[static_cast<std::size_t>(truth)],
                          valid_classes_[static_cast<std::size_t>(predicted)]);
    nll_ -= static_cast<double>(log_p[truth]);
    calibration_.add(std::exp(static_cast<double>(log_p[predicted])), predicted == truth);
  }

  const std::vector<std::int64_t>& valid_classes_;
  std::vector<std::int64_t> columns_;  ///< class -> column of log_p; -1 = ignored
  Evaluation result_;
  CalibrationError calibration_;
  double nll_ = 0;
  std::int64_t n_bad_ = 0;
};

template <class LabelsOf>
Evaluation evaluate(Model& model, const std::string& split, const Indices& samples,
                    const LabelsOf& labels_of) {
  const at::NoGradGuard no_grad;
  Tally tally(*model.dataset, model.valid_classes);
  const std::int64_t batch_size = model.prediction_batch();
  const auto n = static_cast<std::int64_t>(samples.size());
  for (std::int64_t first = 0; first < n; first += batch_size) {
    const Indices batch = part(samples, first, batch_size);
    const at::Tensor logits = model.logits(model.encode(split, batch));
    const at::Tensor labels = labels_of(batch);
    const at::Tensor log_p = at::log_softmax(model.valid(logits), 1).cpu();
    tally.look_for_nan(log_p);
    tally.add(log_p, labels);
    if (model.segmentation()) tally.add_all_pixels(logits.argmax(1).cpu(), labels);
  }
  const Evaluation result = tally.result();
  const bool infinite = result.confusion.total() > 0 && !std::isfinite(result.nll);
  if (tally.n_bad() > 0 || infinite) {
    throw diverged(model, fmt::format(" (predictions of {} of {} images of '{}' are no finite "
                                      "numbers)",
                                      tally.n_bad(), n, split));
  }
  return result;
}

}  // namespace

Evaluation evaluate(Model& model, const std::string& split_name) {
  const Split& split = split_of(*model.dataset, split_name);
  Indices all(static_cast<std::size_t>(split.n));
  std::iota(all.begin(), all.end(), 0);
  return evaluate(model, split_name, all,
                  [&](const Indices& batch) { return label_batch(split, batch); });
}

Evaluation validate(Model& model, const Pool& pool) {
  const Split& split = model.dataset->train();
  return evaluate(model, "train", pool.held_out(),
                  [&](const Indices& batch) { return label_batch(pool, split, batch); });
}

}  // namespace al_mpi
