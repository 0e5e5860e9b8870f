#include <cmath>
#include <limits>

#include <ATen/ops/cross_entropy_loss.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/model/dropout.hpp>
#include <al_mpi/model/model.hpp>
#include <al_mpi/model/precision.hpp>
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
    const at::Tensor labels = label_batch(model_.dataset->train(), batch);
    const std::int64_t ignored = model_.dataset->ignore_label;
    const std::int64_t n_valid = labels.ne(ignored).sum().item<std::int64_t>();
    if (n_valid == 0) return false;
    const at::Tensor loss = at::cross_entropy_loss(
        logits(model_.inputs("train", batch)).to(at::kFloat),
        labels.to(model_.device, /*non_blocking=*/true), {}, at::Reduction::Mean, ignored);
    loss.backward();
    sgd_.step();
    mean.add(loss, n_valid);
    return true;
  }

 private:
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
};

}  // namespace

TrainReport train(Model& model, const Pool& pool, int round,
                  const std::function<void()>& progress) {
  const TrainingOptions& options = model.options.training;
  if (options.reset == "full") reset_weights(model, round);
  enter_training_mode(model);
  Trainer trainer(model, round);
  RngStream shuffle(model.seed, "batches", static_cast<std::uint64_t>(round));
  TrainReport report{std::numeric_limits<double>::quiet_NaN(), 0};
  for (std::int64_t epoch = 1; epoch <= options.epochs; ++epoch) {
    Indices order = pool.labeled();
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
  return report;
}

}  // namespace al_mpi
