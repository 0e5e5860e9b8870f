#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include "cross_entropy.hpp"
#include "model.hpp"
#include "pseudo_labels.hpp"
#include "random_views.hpp"
#include "sgd.hpp"
#include "src/model/devices/precision.hpp"
#include "src/model/layers/dropout.hpp"
#include "src/model/networks/loss_predictor.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// Batches of one epoch. A last batch of one sample joins the one before it, and a lone sample is
/// shown twice: BatchNorm needs two values a channel, and a 1x1 map of one sample has one.
std::vector<Indices> batches_of(const Indices& order, std::int64_t batch_size) {
  const auto n = static_cast<std::int64_t>(order.size());
  std::vector<Indices> batches;
  for (std::int64_t first = 0; first < n; first += batch_size) {
    batches.push_back(part(order, first, batch_size));
  }
  if (batches.size() > 1 && batches.back().size() == 1 && batch_size > 1) {
    const std::int64_t last = batches.back().front();
    batches.pop_back();
    batches.back().push_back(last);
  }
  for (Indices& batch : batches) {
    if (batch.size() == 1) batch.push_back(batch.front());
  }
  return batches;
}

/// Mean of the losses of an epoch, kept on the device: reading it waits for the device.
class MeanLoss {
 public:
  /// `objective` is what the step made smaller: the loss, and a loss predictor's where there is
  /// one.
  void add(const at::Tensor& loss, const at::Tensor& objective, std::int64_t n) {
    const at::Tensor part = loss.detach() * static_cast<double>(n);
    sum_ = sum_.defined() ? sum_ + part : part;
    objectives_ = objectives_.defined() ? objectives_ + objective.detach() : objective.detach();
    n_ += n;
  }
  double value() const {
    return n_ > 0 ? sum_.item<double>() / static_cast<double>(n_)
                  : std::numeric_limits<double>::quiet_NaN();
  }
  bool diverged() const {
    return n_ > 0 && !(std::isfinite(value()) && std::isfinite(objectives_.item<double>()));
  }

 private:
  at::Tensor sum_, objectives_;
  std::int64_t n_ = 0;
};

/// The learning rate when a share of the steps is `done`.
double learning_rate_at(const TrainingOptions& options, double done) {
  switch (options.schedule) {
    case Schedule::constant:
      return options.learning_rate;
    case Schedule::cosine:
      return options.learning_rate * 0.5 * (1.0 + std::cos(done * 3.14159265358979323846));
    case Schedule::step:
      return options.learning_rate * (done < 0.5 ? 1.0 : done < 0.75 ? 0.1 : 0.01);
  }
  return options.learning_rate;
}

/// The weights of the lowest validation loss so far.
class BestWeights {
 public:
  BestWeights(Model& model, const Pool& pool) : model_(model), pool_(pool) {}

  /// Validates the present weights. Returns whether training should end.
  bool look() {
    const double loss = validate(model_, pool_).nll;
    ++n_worse_;
    if (!(loss >= best_)) {  // the first, too, if it is no number
      best_ = loss;
      n_worse_ = 0;
      weights_.clear();
      for (const auto& [name, tensor] : named_state(*model_.network)) {
        weights_.push_back(tensor.detach().clone());
      }
    }
    return n_worse_ >= model_.options.training.early_stopping;
  }

  void restore() {
    const at::NoGradGuard no_grad;
    auto weight = weights_.begin();
    for (auto& [name, tensor] : named_state(*model_.network)) tensor.copy_(*weight++);
  }

 private:
  Model& model_;
  const Pool& pool_;
  std::vector<at::Tensor> weights_;
  double best_ = std::numeric_limits<double>::infinity();
  std::int64_t n_worse_ = 0;
};

/// The steps of an epoch, and what they need: drawn on the host before the first one and brought to
/// the device at once, so that no step waits for the host.
struct Epoch {
  struct Step {
    Indices samples;
    std::int64_t first = 0;  ///< where its samples begin in the tensors below
    std::int64_t n_valid =
        0;  ///< labels or pixels that count; the step is left out if there are none
    std::int64_t n() const { return static_cast<std::int64_t>(samples.size()); }
  };
  std::vector<Step> steps;
  at::Tensor labels;   ///< [n] int64, or maps [n, H, W] uint8
  at::Tensor weights;  ///< [n], undefined where all samples weigh the same
  RandomViews views;   ///< [n], undefined without augmentation
  at::Tensor masks;    ///< of dropout, [n, ...]; drawn with the first feature maps
};

class Trainer {
 public:
  Trainer(Model& model, const Pool& pool, int round)
      : model_(model),
        pool_(pool),
        sgd_(model.network->parameters(), model.options.training),
        dropout_(model.seed, "dropout", static_cast<std::uint64_t>(round)),
        augment_(model.seed, "augment", static_cast<std::uint64_t>(round)) {}

  /// An epoch of these batches.
  Epoch plan(const std::vector<Indices>& batches) {
    Epoch epoch;
    Indices all;
    for (const Indices& batch : batches) {
      const std::int64_t n_valid = n_valid_labels(batch);
      const auto first = static_cast<std::int64_t>(all.size());
      epoch.steps.push_back({batch, first, n_valid});
      if (n_valid > 0) all.insert(all.end(), batch.begin(), batch.end());
    }
    epoch.labels = upload(labels_of(all), model_.device);
    if (!pseudo_.empty()) epoch.weights = upload(weights_of(all), model_.device);
    const Augment augment = model_.options.training.augment;
    if (augment != Augment::none) {
      const Split& split = model_.dataset->train();
      const RandomViews views = draw_views(static_cast<std::int64_t>(all.size()), split.height,
                                           split.width, augment, augment_);
      epoch.views = {upload(views.rows, model_.device), upload(views.columns, model_.device),
                     upload(views.transposed, model_.device)};
    }
    return epoch;
  }

  /// One optimiser step, a share of the round's steps being `done`; false if no label of the batch
  /// is valid.
  bool step(Epoch& epoch, const Epoch::Step& step, double done, MeanLoss& mean) {
    if (step.n_valid == 0) return false;
    const std::int64_t ignored = pool_.ignored_label();
    at::Tensor images = model_.inputs("train", step.samples);
    at::Tensor labels = epoch.labels.narrow(0, step.first, step.n()).to(at::kLong);
    if (epoch.views.rows.defined()) show(epoch.views.part(step.first, step.n()), images, labels);
    const std::vector<at::Tensor> maps = encode(images);
    const at::Tensor predicted = logits(epoch, step, maps).to(at::kFloat);
    at::Tensor weights;
    if (epoch.weights.defined()) weights = epoch.weights.narrow(0, step.first, step.n());
    const at::Tensor loss =
        weights.defined()
            ? (at::cross_entropy_loss(predicted, labels, {}, at::Reduction::None) * weights).sum() /
                  weights.sum()
            : mean_cross_entropy(predicted, labels, ignored);
    at::Tensor objective = loss;
    if (model_.loss_predictor) {
      const at::Tensor losses = sample_losses(predicted, labels, ignored);
      objective = objective + model_.loss_predictor->training_loss(maps, losses, done);
    }
    sgd_.set_learning_rate(learning_rate_at(model_.options.training, done));
    sgd_.step(objective);
    mean.add(loss, objective, step.n_valid);
    return true;
  }

  /// From now on these samples count too, as if they had these labels.
  void add(const PseudoLabels& pseudo) {
    for (std::size_t i = 0; i < pseudo.indices.size(); ++i) {
      pseudo_[pseudo.indices[i]] = pseudo.classes[i];
    }
  }

 private:
  /// The label of a sample, as the oracle said or as the network predicted it (pseudo-labels).
  std::int64_t label_of(std::int64_t index) const {
    const auto found = pseudo_.find(index);
    return found != pseudo_.end() ? found->second : pool_.label_of(index);
  }

  at::Tensor labels_of(const Indices& samples) const {
    const Split& split = model_.dataset->train();
    if (split.label_maps != nullptr) return label_maps(pool_, split, samples);
    std::vector<std::int64_t> labels;
    for (const std::int64_t index : samples) labels.push_back(label_of(index));
    return at::tensor(labels);
  }

  std::int64_t n_valid_labels(const Indices& samples) const {
    const Split& split = model_.dataset->train();
    const std::int64_t ignored = pool_.ignored_label();
    const auto valid = [&](std::int64_t label) { return label != ignored; };
    std::vector<std::uint8_t> map(static_cast<std::size_t>(split.height * split.width));
    std::int64_t n = 0;
    for (const std::int64_t index : samples) {
      if (split.label_maps == nullptr) {
        n += valid(label_of(index)) ? 1 : 0;
      } else {
        pool_.copy_label_map(index, map.data());
        n += std::count_if(map.begin(), map.end(), valid);
      }
    }
    return n;
  }

  at::Tensor weights_of(const Indices& samples) const {
    std::vector<float> weights;
    for (const std::int64_t index : samples) {
      const double weight = model_.options.training.pseudo_labels.weight;
      weights.push_back(pseudo_.count(index) > 0 ? static_cast<float>(weight) : 1.0F);
    }
    return at::tensor(weights);
  }

  std::vector<at::Tensor> encode(const at::Tensor& images) {
    const PrecisionScope precision(model_.options.training.precision, model_.device);
    return model_.network->encode(images);
  }

  at::Tensor logits(Epoch& epoch, const Epoch::Step& step, std::vector<at::Tensor> features) {
    const PrecisionScope precision(model_.options.training.precision, model_.device);
    const double p = model_.options.model.dropout;
    at::Tensor& deepest = features.back();
    if (p > 0) {
      if (!epoch.masks.defined()) {
        std::vector<std::int64_t> sizes = deepest.sizes().vec();
        sizes[0] = epoch.labels.size(0);
        epoch.masks = upload(dropout_mask(sizes, p, dropout_), model_.device);
      }
      deepest = deepest * epoch.masks.narrow(0, step.first, step.n());
    }
    return model_.network->decode(features);
  }

  Model& model_;
  const Pool& pool_;
  Sgd sgd_;
  RngStream dropout_, augment_;
  std::map<std::int64_t, std::int64_t> pseudo_;  ///< sample -> class
};

/// The unlabelled samples of the pool that the network, as trained so far, is sure of.
PseudoLabels confident_samples(const Model& model, const Pool& pool) {
  const at::NoGradGuard no_grad;
  const Indices unlabeled = pool.unlabeled();
  const std::int64_t size = model.prediction_batch();
  PseudoLabels all;
  for (std::int64_t first = 0; first < static_cast<std::int64_t>(unlabeled.size()); first += size) {
    const Indices batch = part(unlabeled, first, size);
    const at::Tensor probs = at::softmax(model.valid_logits(model.encode("train", batch)), 1).cpu();
    const PseudoLabels some = select_pseudo_labels(probs, batch, model.valid_classes,
                                                   model.options.training.pseudo_labels.threshold);
    all.indices.insert(all.indices.end(), some.indices.begin(), some.indices.end());
    all.classes.insert(all.classes.end(), some.classes.begin(), some.classes.end());
  }
  return all;
}

std::vector<at::Tensor> tensors_of(const Network& network) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : named_state(network)) tensors.push_back(tensor);
  return tensors;
}

}  // namespace

DataError diverged(const Model& model, const std::string& where) {
  return {"training", "",
          fmt::format("diverged in round {}{}: lower training.learning_rate", model.round, where)};
}

TrainReport train(Model& model, const Pool& pool, int round,
                  const std::function<void()>& progress) {
  const TrainingOptions& options = model.options.training;
  const bool validates = !pool.held_out().empty();
  const bool stops_early = validates && options.early_stopping > 0;
  model.round = round;
  if (options.reset == Reset::full) reset_for_training(model, round);
  Trainer trainer(model, pool, round);
  RngStream shuffle(model.seed, "batches", static_cast<std::uint64_t>(round));
  TrainReport report;
  report.loss = std::numeric_limits<double>::quiet_NaN();
  const auto run_epochs = [&](const Indices& samples) {
    if (samples.empty()) return;
    BestWeights best(model, pool);
    const auto n_batches =
        static_cast<std::int64_t>(batches_of(samples, options.batch_size).size());
    const std::int64_t n_steps = options.steps > 0 ? options.steps : options.epochs * n_batches;
    bool stop = false;
    // A step without any valid label counts, or nothing would end the loop.
    for (std::int64_t t = 0, epoch = 1; t < n_steps && !stop; ++epoch) {
      enter_training_mode(model);  // predictions left it
      Indices order = samples;
      shuffle.shuffle(order);
      std::vector<Indices> batches = batches_of(order, options.batch_size);
      if (static_cast<std::int64_t>(batches.size()) > n_steps - t) {
        batches.resize(static_cast<std::size_t>(n_steps - t));
      }
      MeanLoss mean;
      Epoch planned = trainer.plan(batches);
      for (const Epoch::Step& step : planned.steps) {
        const double done = static_cast<double>(t++) / static_cast<double>(n_steps);
        report.steps += trainer.step(planned, step, done, mean) ? 1 : 0;
      }
      if (mean.diverged()) {
        throw diverged(model, fmt::format(", epoch {} (the loss is no finite number)", epoch));
      }
      report.loss = mean.value();
      if (stops_early) stop = best.look();
      if (progress) progress();
    }
    if (stops_early) best.restore();
    // The last step's loss came before its weights.
    if (!all_finite(tensors_of(*model.network))) {
      throw diverged(model, " (weights are no finite numbers)");
    }
  };
  Indices samples = pool.labeled_images();
  run_epochs(samples);
  if (options.pseudo_labels.weight > 0 && !samples.empty()) {
    check(!model.segmentation(), "pseudo-labels of pixels");
    const PseudoLabels pseudo = confident_samples(model, pool);
    report.n_pseudo_labels = static_cast<std::int64_t>(pseudo.indices.size());
    trainer.add(pseudo);
    samples.insert(samples.end(), pseudo.indices.begin(), pseudo.indices.end());
    run_epochs(samples);
  }
  if (validates) {
    const Evaluation evaluation = validate(model, pool);
    report.validation_loss = evaluation.nll;
    report.validation_accuracy = accuracy(evaluation.confusion);
  }
  return report;
}

}  // namespace al_mpi
