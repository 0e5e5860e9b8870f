#include <cmath>
#include <limits>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/model/dropout.hpp>
#include <al_mpi/model/model.hpp>
#include <al_mpi/model/precision.hpp>
#include <al_mpi/model/pseudo_labels.hpp>
#include <al_mpi/model/sgd.hpp>

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
  void add(const at::Tensor& loss, std::int64_t n) {
    const at::Tensor part = loss.detach() * static_cast<double>(n);
    sum_ = sum_.defined() ? sum_ + part : part;
    n_ += n;
  }
  double value() const {
    return n_ > 0 ? sum_.item<double>() / static_cast<double>(n_)
                  : std::numeric_limits<double>::quiet_NaN();
  }
  bool diverged() const { return n_ > 0 && !std::isfinite(value()); }

 private:
  at::Tensor sum_;
  std::int64_t n_ = 0;
};

class Trainer {
 public:
  Trainer(Model& model, int round)
      : model_(model),
        sgd_(model.network->parameters(), model.options.training),
        dropout_(model.seed, "dropout", static_cast<std::uint64_t>(round)) {}

  /// One optimiser step; false if no label of the batch is valid.
  bool step(const Indices& batch, MeanLoss& mean) {
    at::Tensor labels = label_batch(model_.dataset->train(), batch);
    const at::Tensor weights = use_pseudo_labels(batch, labels);
    const std::int64_t ignored = model_.dataset->ignore_label;
    const std::int64_t n_valid = labels.ne(ignored).sum().item<std::int64_t>();
    if (n_valid == 0) return false;
    const at::Tensor predicted = logits(model_.inputs("train", batch)).to(at::kFloat);
    labels = labels.to(model_.device, /*non_blocking=*/true);
    const at::Tensor loss =
        weights.defined()
            ? (at::cross_entropy_loss(predicted, labels, {}, at::Reduction::None) * weights).sum() /
                  weights.sum()
            : at::cross_entropy_loss(predicted, labels, {}, at::Reduction::Mean, ignored);
    loss.backward();
    sgd_.step();
    mean.add(loss, n_valid);
    return true;
  }

  /// From now on these samples count too, as if they had these labels.
  void add(const PseudoLabels& pseudo) {
    for (std::size_t i = 0; i < pseudo.indices.size(); ++i) {
      pseudo_[pseudo.indices[i]] = pseudo.classes[i];
    }
  }

 private:
  /// Puts the pseudo-labels of a batch in the place of its hidden labels; gives the weight of every
  /// sample, undefined where all weigh the same.
  at::Tensor use_pseudo_labels(const Indices& batch, at::Tensor& labels) const {
    if (pseudo_.empty()) return {};
    const double weight = model_.options.training.pseudo_labels.weight;
    at::Tensor weights = at::ones({labels.size(0)});
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto found = pseudo_.find(batch[i]);
      if (found == pseudo_.end()) continue;
      labels.data_ptr<std::int64_t>()[i] = found->second;
      weights.data_ptr<float>()[i] = static_cast<float>(weight);
    }
    return weights.to(model_.device);
  }

  at::Tensor logits(const at::Tensor& images) {
    const PrecisionScope precision(model_.options.training.precision, model_.device);
    std::vector<at::Tensor> features = model_.network->encode(images);
    const double p = model_.options.model.dropout;
    at::Tensor& deepest = features.back();
    if (p > 0) deepest = deepest * dropout_mask(deepest.sizes(), p, dropout_).to(model_.device);
    return model_.network->decode(features);
  }

  Model& model_;
  Sgd sgd_;
  RngStream dropout_;
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

}  // namespace

TrainReport train(Model& model, const Pool& pool, int round,
                  const std::function<void()>& progress) {
  const TrainingOptions& options = model.options.training;
  if (options.reset == "full") reset_weights(model, round);
  enter_training_mode(model);
  Trainer trainer(model, round);
  RngStream shuffle(model.seed, "batches", static_cast<std::uint64_t>(round));
  TrainReport report;
  report.loss = std::numeric_limits<double>::quiet_NaN();
  const auto run_epochs = [&](const Indices& samples) {
    for (std::int64_t epoch = 1; epoch <= options.epochs; ++epoch) {
      Indices order = samples;
      shuffle.shuffle(order);
      MeanLoss mean;
      for (const Indices& batch : batches_of(order, options.batch_size)) {
        report.steps += trainer.step(batch, mean) ? 1 : 0;
      }
      if (mean.diverged()) {
        throw DataError("training", "",
                        fmt::format("diverged in round {}, epoch {} (the loss is no number) lower "
                                    "training.learning_rate",
                                    round, epoch));
      }
      report.loss = mean.value();
      if (progress) progress();
    }
  };
  Indices samples = pool.labeled();
  run_epochs(samples);
  if (options.pseudo_labels.weight > 0 && !samples.empty()) {
    check(!model.segmentation(), "pseudo-labels of pixels");
    const PseudoLabels pseudo = confident_samples(model, pool);
    report.n_pseudo_labels = static_cast<std::int64_t>(pseudo.indices.size());
    enter_training_mode(model);
    trainer.add(pseudo);
    samples.insert(samples.end(), pseudo.indices.begin(), pseudo.indices.end());
    run_epochs(samples);
  }
  return report;
}

}  // namespace al_mpi
