#include <cmath>
#include <numeric>

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include "pretraining.hpp"
#include "src/model/devices/device_of.hpp"
#include "src/model/devices/precision.hpp"
#include "src/model/layers/layers.hpp"
#include "src/model/networks/resnet.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t prediction_batch = 64;

std::vector<float> mean_over_std(const Dataset& dataset) {
  std::vector<float> out;
  for (std::size_t b = 0; b < dataset.mean.size(); ++b) {
    out.push_back(dataset.mean[b] / dataset.std_dev[b]);
  }
  return out;
}

DataError diverged(std::int64_t epoch, const std::string& where) {
  return {"pre-training", "",
          fmt::format("diverged in epoch {} ({}): lower --learning-rate", epoch, where)};
}

}  // namespace

Projector::Projector(const PretrainOptions& options, std::int64_t bands)
    : encoder(make_network(options.network, {bands, /*n_classes=*/1})) {
  const std::int64_t width = resnet_kind(options.network).width(3);
  head = std::make_shared<Probe>(NetworkShape{width, options.projection}, /*hidden=*/width);
  RngStream weights(options.seed, "pretrain weights");
  initialize_weights(*encoder, weights());
  initialize_weights(*head, weights());
}

at::Tensor Projector::operator()(const at::Tensor& images) const {
  return head->decode(head->encode(encoder->encode(images).back())).to(at::kFloat);
}

void Projector::train(bool on) {
  for (auto* module : modules()) module->train(on);
}

void Projector::to(const c10::Device& device) {
  for (auto* module : modules()) prepare(*module, device);
}

std::vector<at::Tensor> Projector::parameters() const {
  std::vector<at::Tensor> all;
  for (auto* module : modules()) {
    for (const at::Tensor& tensor : module->parameters()) all.push_back(tensor);
  }
  return all;
}

Pretraining::Impl::Impl(std::shared_ptr<const Dataset> given, const PretrainOptions& o)
    : dataset(std::move(given)),
      options(o),
      device(device_of(o.device)),
      inputs(image_inputs(dataset, c10::Device(c10::DeviceType::CPU))),
      augmenter({dataset->train().height, dataset->train().width, dataset->train().channels},
                mean_over_std(*dataset), AugmentOptions()),
      query(o, dataset->train().channels),
      key(o, dataset->train().channels) {
  options.batch_size = std::min(o.batch_size, dataset->train().n);
  if (options.batch_size < 2) throw ConfigError("--batch", "a batch needs two images or more");
  set_numerics(options.precision, device, "--precision");
  query.to(device);
  key.to(device);
  key.train(false);
  optimizer = std::make_unique<torch::optim::AdamW>(
      query.parameters(),
      torch::optim::AdamWOptions(options.learning_rate).weight_decay(options.weight_decay));
  if (moco()) {
    RngStream rng(options.seed, "key queue");
    at::Tensor rows = at::empty({options.queue, options.projection});
    for (std::int64_t i = 0; i < rows.numel(); ++i) {
      rows.data_ptr<float>()[i] = static_cast<float>(rng.normal());
    }
    queue = KeyQueue(rows.to(device));
    queue.push(queue.rows());
  }
}

/// Both views of the images, first all first ones: [2 b, C, H, W], channels-last.
at::Tensor Pretraining::Impl::views_of(const Indices& indices) const {
  const at::Tensor images = inputs("train", indices);
  const std::int64_t b = images.size(0), size = images.numel() / b;
  at::Tensor views = at::empty({2 * b, images.size(1), images.size(2), images.size(3)},
                               images.options(), at::MemoryFormat::ChannelsLast);
  const float* in = images.data_ptr<float>();
  float* out = views.data_ptr<float>();
  at::parallel_for(0, 2 * b, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t v = begin; v < end; ++v) {
      const std::int64_t i = v % b;
      const std::int64_t image = epoch * dataset->train().n + indices[static_cast<std::size_t>(i)];
      RngStream rng(options.seed, v < b ? "first view" : "second view",
                    static_cast<std::uint64_t>(image));
      augmenter.apply(augmenter.draw(rng), in + i * size, out + v * size);
    }
  });
  return views.to(device);
}

at::Tensor Pretraining::Impl::loss_of(const at::Tensor& views) {
  const std::int64_t b = views.size(0) / 2;
  const at::Tensor first = views.narrow(0, 0, b), second = views.narrow(0, b, b);
  if (!moco()) {
    const at::Tensor z = project(query, views);
    return nt_xent(z.narrow(0, 0, b), z.narrow(0, b, b), options.temperature);
  }
  const at::Tensor keys = [&] {
    const at::NoGradGuard no_grad;
    return project(key, second);
  }();
  const at::Tensor loss = info_nce(project(query, first), keys, queue.rows(), options.temperature);
  queue.push(keys);
  return loss;
}

at::Tensor Pretraining::Impl::project(const Projector& projector, const at::Tensor& images) const {
  const PrecisionScope precision(options.precision, device);
  return projector(images);
}

at::Tensor Pretraining::Impl::step(const Indices& indices) {
  query.train(true);
  use_learning_rate();
  optimizer->zero_grad();
  const at::Tensor loss = loss_of(views_of(indices));
  loss.backward();
  optimizer->step();
  if (moco()) follow();
  ++n_steps;
  return loss.detach();
}

/// Linear warm-up, then half a cosine down to 0 at the last step.
void Pretraining::Impl::use_learning_rate() {
  const double total = static_cast<double>(options.epochs * steps_an_epoch());
  const double done = static_cast<double>(n_steps), warm = options.warmup * total;
  const double share = done < warm ? (done + 1) / (warm + 1)
                                   : 0.5 * (1 + std::cos(M_PI * (done - warm) / (total - warm)));
  for (auto& group : optimizer->param_groups()) {
    static_cast<torch::optim::AdamWOptions&>(group.options()).lr(options.learning_rate * share);
  }
}

/// The key network: m key + (1 - m) query, parameters and statistics.
void Pretraining::Impl::follow() {
  const at::NoGradGuard no_grad;
  const auto towards = [&](std::vector<at::Tensor> keys, const std::vector<at::Tensor>& queries) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].is_floating_point()) keys[i].lerp_(queries[i], 1 - options.key_momentum);
    }
  };
  towards(key.parameters(), query.parameters());
  towards(key.buffers(), query.buffers());
}

LabeledFeatures Pretraining::Impl::features(const std::string& split) {
  const Split& of_split = split_of(*dataset, split);
  Indices all(static_cast<std::size_t>(of_split.n));
  std::iota(all.begin(), all.end(), 0);
  const at::NoGradGuard no_grad;
  query.train(false);
  std::vector<at::Tensor> rows;
  for (std::int64_t first = 0; first < of_split.n; first += prediction_batch) {
    const PrecisionScope precision(options.precision, device);
    const at::Tensor images = inputs(split, part(all, first, prediction_batch)).to(device);
    rows.push_back(query.encoder->encode(images).back().to(at::kFloat).cpu());
  }
  const at::Tensor all_rows = at::cat(rows);
  if (!all_finite({all_rows})) throw diverged(epoch, "features are no finite numbers");
  return {all_rows, of_split.labels};
}

Pretraining::Pretraining(std::shared_ptr<const Dataset> dataset, const PretrainOptions& options)
    : impl_(std::make_unique<Impl>(std::move(dataset), options)) {}

Pretraining::~Pretraining() = default;

std::int64_t Pretraining::steps_an_epoch() const {
  return impl_->steps_an_epoch();
}

std::int64_t Pretraining::epochs_done() const {
  return impl_->epoch;
}

double Pretraining::run_step(const std::vector<std::int64_t>& indices) {
  return impl_->step(indices).item<double>();
}

double Pretraining::run_epoch(const std::function<void()>& step) {
  RngStream rng(impl_->options.seed, "pretrain batches", static_cast<std::uint64_t>(impl_->epoch));
  const Indices order = rng.permutation(impl_->dataset->train().n);
  double sum = 0;
  for (std::int64_t s = 0; s < steps_an_epoch(); ++s) {
    sum += run_step(part(order, s * impl_->options.batch_size, impl_->options.batch_size));
    if (step) step();
  }
  const bool weights = all_finite(impl_->query.parameters()) && all_finite(impl_->query.buffers());
  if (!std::isfinite(sum) || !weights) {
    throw diverged(impl_->epoch + 1,
                   weights ? "the loss is no finite number" : "weights are no finite numbers");
  }
  ++impl_->epoch;
  return sum / static_cast<double>(steps_an_epoch());
}

QualityFigure Pretraining::quality() {
  const LabeledFeatures train = impl_->features("train"), test = impl_->features("test");
  return {knn_accuracy(train, test), linear_probe_accuracy(train, test)};
}

}  // namespace al_mpi
