#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>

#include "boundary_f1.hpp"
#include "model.hpp"

namespace al_mpi {
namespace {

/// Labels that may occur: those of the classes, and an ignored one, which may lie beyond them.
std::int64_t n_labels(const Dataset& dataset) {
  return std::max(dataset.n_classes(), dataset.ignore_label + 1);
}

/// Sums over the valid samples or pixels of all batches.
class Tally {
 public:
  Tally(const Dataset& dataset, const std::vector<std::int64_t>& valid_classes)
      : valid_classes_(valid_classes),
        columns_(static_cast<std::size_t>(n_labels(dataset)), -1),
        n_classes_(dataset.n_classes()) {
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
    for (std::int64_t i = 0; i < labels.numel(); ++i) {
      if (label[i] < n_classes_) result_.all_pixels.add(label[i], prediction[i]);
    }
  }

  /// Counts the images of [b, ...] of which a prediction is no number.
  void look_for_nan(const at::Tensor& log_p) {
    n_bad_ += at::isnan(log_p).flatten(1).any(1).sum().item<std::int64_t>();
  }
  std::int64_t n_bad() const { return n_bad_; }

  Evaluation result() {
    result_.nll = nll_ / static_cast<double>(result_.confusion.total());
    result_.ece = calibration_.value();
    result_.calibration = calibration_.bins();
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
  std::vector<std::int64_t> columns_;  ///< label -> column of log_p; -1 = ignored
  std::int64_t n_classes_;
  Evaluation result_;
  CalibrationError calibration_;
  double nll_ = 0;
  std::int64_t n_bad_ = 0;
};

/// The same sums by operations on whole batches, where the logits lie; only the sums come back.
/// They are products of matrices of zeros and ones: those add up in the same order each time.
class BulkTally {
 public:
  explicit BulkTally(const Model& model) : model_(model) {
    at::Tensor columns = at::full({n_labels(*model.dataset)}, -1, at::kLong);
    for (std::size_t c = 0; c < model.valid_classes.size(); ++c) {
      columns[model.valid_classes[c]] = static_cast<std::int64_t>(c);
    }
    columns_ = upload(columns, model.device);
  }

  /// logits [b, K] or [b, K, H, W], log_p [b, C, ...] of the valid classes, labels [b] or [b, H,
  /// W], all on the device.
  void add(const at::Tensor& logits, const at::Tensor& log_p, const at::Tensor& labels) {
    add_to(n_bad_, at::isnan(log_p).flatten(1).any(1).sum());
    const auto rows = [](const at::Tensor& map) {
      return map.movedim(1, -1).reshape({-1, map.size(1)});
    };
    const at::Tensor flat = labels.flatten(), flat_p = rows(log_p), flat_logits = rows(logits);
    for (std::int64_t first = 0; first < flat.size(0); first += most_rows) {
      const std::int64_t n = std::min(most_rows, flat.size(0) - first);
      add_rows(flat_logits.narrow(0, first, n), flat_p.narrow(0, first, n),
               flat.narrow(0, first, n));
    }
  }

  /// Images of which a prediction is no number.
  std::int64_t n_bad() const {
    return n_bad_.defined() ? static_cast<std::int64_t>(n_bad_.item<double>()) : 0;
  }

  Evaluation result() const {
    const std::int64_t n_classes = model_.dataset->n_classes();
    const auto n_valid = static_cast<std::int64_t>(model_.valid_classes.size());
    const auto class_of = [&](std::int64_t c) {
      return model_.valid_classes[static_cast<std::size_t>(c)];
    };
    Evaluation result;
    result.confusion = ConfusionMatrix(n_classes);
    if (model_.segmentation()) result.all_pixels = result.confusion;
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    if (!confusion_.defined()) {
      result.nll = result.ece = nothing;
      return result;
    }
    const at::Tensor confusion = confusion_.cpu(), bins = bins_.cpu();
    for (std::int64_t t = 0; t < n_valid; ++t) {
      for (std::int64_t p = 0; p < n_valid; ++p) {
        result.confusion.add(class_of(t), class_of(p), count(confusion, t, p));
      }
    }
    if (model_.segmentation()) {
      const at::Tensor all = all_pixels_.cpu();
      for (std::int64_t t = 0; t < n_classes; ++t) {
        for (std::int64_t p = 0; p < n_classes; ++p) result.all_pixels.add(t, p, count(all, t, p));
      }
    }
    CalibrationError calibration;
    for (std::int64_t b = 0; b < n_bins; ++b) {
      calibration.add(static_cast<std::size_t>(b), bins[b][0].item<double>(), count(bins, b, 1),
                      count(bins, b, 2));
    }
    result.nll = nll_.item<double>() / static_cast<double>(result.confusion.total());
    result.ece = calibration.value();
    result.calibration = calibration.bins();
    return result;
  }

 private:
  static constexpr std::int64_t n_bins = CalibrationError::n_bins;
  static constexpr std::int64_t most_rows = std::int64_t{1} << 20;  // below 2^24: float32 counts

  static std::int64_t count(const at::Tensor& counts, std::int64_t i, std::int64_t j) {
    return static_cast<std::int64_t>(counts[i][j].item<double>());
  }

  /// [n, size] float32: row i is 1 at column numbers[i], and 0 elsewhere.
  static at::Tensor one_hot(const at::Tensor& numbers, std::int64_t size) {
    return numbers.unsqueeze(1).eq(at::arange(size, numbers.options())).to(at::kFloat);
  }

  static void add_to(at::Tensor& sum, const at::Tensor& values) {
    sum = sum.defined() ? sum + values.to(at::kDouble) : values.to(at::kDouble);
  }

  void add_rows(const at::Tensor& logits, const at::Tensor& log_p, const at::Tensor& labels) {
    const std::int64_t n_columns = log_p.size(1);
    const at::Tensor column = columns_.index_select(0, labels);
    const at::Tensor valid = column.ge(0).to(at::kFloat), truth = column.clamp_min(0);
    const at::Tensor predicted = log_p.argmax(1);
    const auto of_column = [&](const at::Tensor& c) {
      return log_p.gather(1, c.unsqueeze(1)).squeeze(1).to(at::kDouble);
    };
    const at::Tensor true_ones = one_hot(truth, n_columns) * valid.unsqueeze(1);
    add_to(confusion_, true_ones.t().mm(one_hot(predicted, n_columns)));
    add_to(nll_, -of_column(truth).masked_fill(column.lt(0), 0.0).sum());
    const at::Tensor confidence = of_column(predicted).exp();
    const at::Tensor bin = (confidence.clamp(0.0, 1.0) * static_cast<double>(n_bins))
                               .to(at::kLong)
                               .clamp_max(n_bins - 1);
    const at::Tensor summands =
        at::stack({confidence, predicted.eq(truth).to(at::kDouble), at::ones_like(confidence)}, 1);
    const at::Tensor counted = one_hot(bin, n_bins) * valid.unsqueeze(1);
    add_to(bins_, counted.to(at::kDouble).t().mm(summands));
    if (model_.segmentation()) {
      const std::int64_t n_classes = logits.size(1);
      add_to(all_pixels_, one_hot(labels, n_classes).t().mm(one_hot(logits.argmax(1), n_classes)));
    }
  }

  const Model& model_;
  at::Tensor columns_;     ///< label -> column of the valid ones; -1 = ignored
  at::Tensor confusion_;   ///< [C, C] of valid columns
  at::Tensor all_pixels_;  ///< [K, K]
  at::Tensor bins_;        ///< [n_bins, 3] sum of confidences, correct ones, all
  at::Tensor nll_, n_bad_;
};

/// Counts the pixels without a label, and the boundaries that are met.
class LabelMaps {
 public:
  LabelMaps(const Model& model, const Split& split)
      : model_(model),
        boundary_(model.dataset->n_classes(), split.height, split.width,
                  model.dataset->ignore_label) {}

  /// log_p [b, C, H, W] of the valid classes, labels [b, H, W] on the CPU.
  void add(const at::Tensor& log_p, const at::Tensor& labels) {
    const at::Tensor predicted = model_.valid_rows.index_select(0, log_p.argmax(1).flatten()).cpu();
    const std::int64_t* truth = labels.data_ptr<std::int64_t>();
    const std::int64_t* seen = predicted.data_ptr<std::int64_t>();
    n_ += labels.numel();
    n_ignored_ += std::count(truth, truth + labels.numel(), model_.dataset->ignore_label);
    const std::int64_t n_pixels = labels.size(1) * labels.size(2);
    for (std::int64_t i = 0; i < labels.size(0); ++i) {
      boundary_.add(truth + i * n_pixels, seen + i * n_pixels);
    }
  }

  void add_to(Evaluation& result) const {
    result.boundary_f1 = boundary_.value();
    result.ignored_share = static_cast<double>(n_ignored_) / static_cast<double>(n_);
  }

 private:
  const Model& model_;
  BoundaryF1 boundary_;
  std::int64_t n_ = 0, n_ignored_ = 0;
};

Indices samples_of(const Split& split) {
  Indices all(static_cast<std::size_t>(split.n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

template <class LabelsOf>
Evaluation evaluate(Model& model, const std::string& split, const Indices& samples,
                    const LabelsOf& labels_of) {
  const at::NoGradGuard no_grad;
  Tally tally(*model.dataset, model.valid_classes);
  std::optional<BulkTally> bulk;
  if (model.in_bulk) bulk.emplace(model);
  std::optional<LabelMaps> maps;
  if (model.segmentation()) maps.emplace(model, split_of(*model.dataset, split));
  const std::int64_t batch_size = model.prediction_batch();
  const auto n = static_cast<std::int64_t>(samples.size());
  for (std::int64_t first = 0; first < n; first += batch_size) {
    const Indices batch = part(samples, first, batch_size);
    const at::Tensor logits = model.logits(model.encode(split, batch));
    const at::Tensor labels = labels_of(batch);
    const at::Tensor log_p = at::log_softmax(model.valid(logits), 1);
    if (maps) maps->add(log_p, labels);
    if (bulk) {
      bulk->add(logits, log_p, upload(labels, model.device));
      continue;
    }
    tally.look_for_nan(log_p);
    tally.add(log_p, labels);
    if (model.segmentation()) tally.add_all_pixels(logits.argmax(1), labels);
  }
  const std::int64_t n_bad = bulk ? bulk->n_bad() : tally.n_bad();
  Evaluation result;
  if (n_bad == 0) result = bulk ? bulk->result() : tally.result();
  if (maps) maps->add_to(result);
  const bool infinite = result.confusion.total() > 0 && !std::isfinite(result.nll);
  if (n_bad > 0 || infinite) {
    throw diverged(model, fmt::format(" (predictions of {} of {} images of '{}' are no finite "
                                      "numbers)",
                                      n_bad, n, split));
  }
  return result;
}

}  // namespace

Evaluation evaluate(Model& model, const std::string& split_name) {
  const Split& split = split_of(*model.dataset, split_name);
  return evaluate(model, split_name, samples_of(split),
                  [&](const Indices& batch) { return label_batch(split, batch); });
}

LabeledFeatures features_of(const Model& model, const std::string& split_name) {
  const at::NoGradGuard no_grad;
  const Split& split = split_of(*model.dataset, split_name);
  const Indices all = samples_of(split);
  std::vector<at::Tensor> rows;
  for (std::int64_t first = 0; first < split.n; first += model.prediction_batch()) {
    const Indices batch = part(all, first, model.prediction_batch());
    rows.push_back(model.encode(split_name, batch).back().to(at::kFloat));
  }
  return {at::cat(rows).cpu(), split.labels};
}

Evaluation validate(Model& model, const Pool& pool) {
  const Split& split = model.dataset->train();
  return evaluate(model, "train", pool.held_out_images(),
                  [&](const Indices& batch) { return label_batch(pool, split, batch); });
}

}  // namespace al_mpi
