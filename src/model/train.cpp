#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/model/cross_entropy.hpp>
#include <al_mpi/model/dropout.hpp>
#include <al_mpi/model/loss_predictor.hpp>
#include <al_mpi/model/model.hpp>
#include <al_mpi/model/precision.hpp>
#include <al_mpi/model/pseudo_labels.hpp>
#include <al_mpi/model/random_views.hpp>
#include <al_mpi/model/sgd.hpp>
#include <al_mpi/model/weights.hpp>

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

/// The learning rate when a share of the steps is `done`: constant, half a cosine down to 0, or a
/// tenth from the half and a hundredth from three quarters of the steps on.
double learning_rate_at(const TrainingOptions& options, double done) {
  if (options.schedule == "cosine") {
    return options.learning_rate * 0.5 * (1.0 + std::cos(done * 3.14159265358979323846));
  }
  if (options.schedule == "step") {
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

class Trainer {
 public:
  Trainer(Model& model, const Pool& pool, int round)
      : model_(model),
        pool_(pool),
        sgd_(model.network->parameters(), model.options.training),
        dropout_(model.seed, "dropout", static_cast<std::uint64_t>(round)),
        augment_(model.seed, "augment", static_cast<std::uint64_t>(round)) {}

  /// One optimiser step, a share of the round's steps being `done`; false if no label of the batch
  /// is valid.
  bool step(const Indices& batch, double done, MeanLoss& mean) {
    at::Tensor labels = labels_of(batch);
    const at::Tensor weights = weights_of(batch);
    const std::int64_t ignored = model_.dataset->ignore_label;
    const std::int64_t n_valid = labels.ne(ignored).sum().item<std::int64_t>();
    if (n_valid == 0) return false;
    at::Tensor images = model_.inputs("train", batch);
    labels = labels.to(model_.device, /*non_blocking=*/true);
    random_views(images, labels, model_.options.training.augment, augment_);
    const std::vector<at::Tensor> maps = encode(images);
    const at::Tensor predicted = logits(maps).to(at::kFloat);
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
    mean.add(loss, objective, n_valid);
    return true;
  }

  /// From now on these samples count too, as if they had these labels.
  void add(const PseudoLabels& pseudo) {
    for (std::size_t i = 0; i < pseudo.indices.size(); ++i) {
      pseudo_[pseudo.indices[i]] = pseudo.classes[i];
    }
  }

 private:
  /// What the oracle said of each sample of a batch, or the network itself.
  at::Tensor labels_of(const Indices& batch) const {
    if (pseudo_.empty()) return label_batch(pool_, model_.dataset->train(), batch);
    std::vector<std::int64_t> labels;
    for (const std::int64_t index : batch) {
      const auto found = pseudo_.find(index);
      labels.push_back(found != pseudo_.end() ? found->second : pool_.label_of(index));
    }
    return at::tensor(labels);
  }

  /// The weight of each sample of a batch, undefined where all weigh the same.
  at::Tensor weights_of(const Indices& batch) const {
    if (pseudo_.empty()) return {};
    std::vector<float> weights;
    for (const std::int64_t index : batch) {
      const double weight = model_.options.training.pseudo_labels.weight;
      weights.push_back(pseudo_.count(index) > 0 ? static_cast<float>(weight) : 1.0F);
    }
    return at::tensor(weights).to(model_.device);
  }

  std::vector<at::Tensor> encode(const at::Tensor& images) {
    const PrecisionScope precision(model_.options.training.precision, model_.device);
    return model_.network->encode(images);
  }

  at::Tensor logits(std::vector<at::Tensor> features) {
    const PrecisionScope precision(model_.options.training.precision, model_.device);
    const double p = model_.options.model.dropout;
    at::Tensor& deepest = features.back();
    if (p > 0) deepest = deepest * dropout_mask(deepest.sizes(), p, dropout_).to(model_.device);
    return model_.network->decode(features);
  }

  Model& model_;
  const Pool& pool_;
  Sgd sgd_;
  RngStream dropout_, augment_;
  std::map<std::int64_t, std::int64_t> pseudo_;  ///< sample -> class
};

/// What the network, as trained so far, is sure of among the pool's unlabelled samples.
PseudoLabels confident_samples(const Model& model, const Pool& pool) {
  const at::NoGradGuard no_grad;
  const Indices unlabeled = pool.unlabeled();
  const std::int64_t size = model.options.training.prediction_batch;
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
  if (options.reset == "full") reset_weights(model, round);
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
      MeanLoss mean;
      for (const Indices& batch : batches_of(order, options.batch_size)) {
        if (t == n_steps) break;
        const double done = static_cast<double>(t++) / static_cast<double>(n_steps);
        report.steps += trainer.step(batch, done, mean) ? 1 : 0;
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
  Indices samples = pool.labeled();
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
