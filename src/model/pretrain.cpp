#include <cmath>
#include <numeric>
#include <sstream>

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <fmt/ranges.h>
#include <torch/optim/adamw.h>
#include <torch/serialize/archive.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/model/augment.hpp>
#include <al_mpi/model/contrastive.hpp>
#include <al_mpi/model/feature_quality.hpp>
#include <al_mpi/model/inputs.hpp>
#include <al_mpi/model/precision.hpp>
#include <al_mpi/model/pretrain.hpp>
#include <al_mpi/model/probe.hpp>
#include <al_mpi/model/resnet.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t prediction_batch = 64;

/// An encoder with its projection head.
struct Projector {
  Projector(const PretrainOptions& options, std::int64_t bands)
      : encoder(make_network(options.network, {bands, /*n_classes=*/1})) {
    const std::int64_t width = resnet_kind(options.network).width(3);
    head = std::make_shared<Probe>(NetworkShape{width, options.projection}, /*hidden=*/width);
    RngStream weights(options.seed, "pretrain weights");
    initialize_weights(*encoder, weights());
    initialize_weights(*head, weights());
    for (at::Tensor& weight : encoder->parameters()) {
      if (weight.dim() == 4) weight.set_data(weight.contiguous(at::MemoryFormat::ChannelsLast));
    }
  }

  at::Tensor operator()(const at::Tensor& images) const {
    return head->decode(head->encode(encoder->encode(images).back())).to(at::kFloat);
  }

  std::vector<torch::nn::Module*> modules() const { return {encoder.get(), head.get()}; }

  void train(bool on) {
    for (auto* module : modules()) module->train(on);
  }
  void to(const c10::Device& device) {
    for (auto* module : modules()) module->to(device);
  }
  std::vector<at::Tensor> parameters() const {
    std::vector<at::Tensor> all;
    for (auto* module : modules()) {
      for (const at::Tensor& tensor : module->parameters()) all.push_back(tensor);
    }
    return all;
  }
  std::vector<at::Tensor> buffers() const { return encoder->buffers(); }

  NetworkPtr encoder;
  std::shared_ptr<Probe> head;
};

std::vector<float> mean_over_std(const Dataset& dataset) {
  std::vector<float> out;
  for (std::size_t b = 0; b < dataset.mean.size(); ++b) {
    out.push_back(dataset.mean[b] / dataset.std_dev[b]);
  }
  return out;
}

/// What a checkpoint must agree in.
std::string settings_of(const PretrainOptions& o, const Dataset& dataset) {
  return fmt::format(
      "{} {} epochs {} batch {} lr {} decay {} warmup {} temperature {} queue {} momentum {} "
      "projection {} seed {} {} threads {} dataset {}",
      o.method, o.network, o.epochs, o.batch_size, o.learning_rate, o.weight_decay, o.warmup,
      o.temperature, o.queue, o.key_momentum, o.projection, o.seed, o.precision,
      at::get_num_threads(), dataset.fingerprint());
}

/// The archive that torch::save writes, as bytes.
std::string bytes_of(torch::serialize::OutputArchive& archive) {
  std::ostringstream out;
  archive.save_to(out);
  return out.str();
}

void write_module(torch::serialize::OutputArchive& archive, const std::string& key,
                  const torch::nn::Module& module) {
  torch::serialize::OutputArchive part(archive.compilation_unit());
  module.save(part);
  archive.write(key, part);
}

void read_module(torch::serialize::InputArchive& archive, const std::string& key,
                 torch::nn::Module& module) {
  torch::serialize::InputArchive part;
  archive.read(key, part);
  module.load(part);
}

}  // namespace

struct Pretraining::Impl {
  Impl(std::shared_ptr<const Dataset> given, const PretrainOptions& o)
      : dataset(std::move(given)),
        options(o),
        device(o.device),
        inputs(image_inputs(dataset, c10::Device(c10::DeviceType::CPU))),
        augmenter({dataset->train().height, dataset->train().width, dataset->train().channels},
                  mean_over_std(*dataset), AugmentOptions()),
        query(o, dataset->train().channels),
        key(o, dataset->train().channels) {
    options.batch_size = std::min(o.batch_size, dataset->train().n);
    if (options.batch_size < 2) throw ConfigError("--batch", "a batch needs two images or more");
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

  bool moco() const { return options.method == "moco"; }
  std::int64_t steps_an_epoch() const { return dataset->train().n / options.batch_size; }

  /// Both views of the images, first all first ones: [2 b, C, H, W], channels-last.
  at::Tensor views_of(const Indices& indices) const {
    const at::Tensor images = inputs("train", indices);
    const std::int64_t b = images.size(0), size = images.numel() / b;
    at::Tensor views = at::empty({2 * b, images.size(1), images.size(2), images.size(3)},
                                 images.options(), at::MemoryFormat::ChannelsLast);
    const float* in = images.data_ptr<float>();
    float* out = views.data_ptr<float>();
    at::parallel_for(0, 2 * b, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t v = begin; v < end; ++v) {
        const std::int64_t i = v % b;
        const std::int64_t image =
            epoch * dataset->train().n + indices[static_cast<std::size_t>(i)];
        RngStream rng(options.seed, v < b ? "first view" : "second view",
                      static_cast<std::uint64_t>(image));
        augmenter.apply(augmenter.draw(rng), in + i * size, out + v * size);
      }
    });
    return views.to(device);
  }

  at::Tensor loss_of(const at::Tensor& views) {
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
    const at::Tensor loss =
        info_nce(project(query, first), keys, queue.rows(), options.temperature);
    queue.push(keys);
    return loss;
  }

  at::Tensor project(const Projector& projector, const at::Tensor& images) const {
    const PrecisionScope precision(options.precision, device);
    return projector(images);
  }

  at::Tensor step(const Indices& indices) {
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
  void use_learning_rate() {
    const double total = static_cast<double>(options.epochs * steps_an_epoch());
    const double done = static_cast<double>(n_steps), warm = options.warmup * total;
    const double share = done < warm ? (done + 1) / (warm + 1)
                                     : 0.5 * (1 + std::cos(M_PI * (done - warm) / (total - warm)));
    for (auto& group : optimizer->param_groups()) {
      static_cast<torch::optim::AdamWOptions&>(group.options()).lr(options.learning_rate * share);
    }
  }

  /// The key network: m key + (1 - m) query, parameters and statistics.
  void follow() {
    const at::NoGradGuard no_grad;
    const auto towards = [&](std::vector<at::Tensor> keys, const std::vector<at::Tensor>& queries) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i].is_floating_point()) keys[i].lerp_(queries[i], 1 - options.key_momentum);
      }
    };
    towards(key.parameters(), query.parameters());
    towards(key.buffers(), query.buffers());
  }

  LabeledFeatures features(const std::string& split) {
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
    return {at::cat(rows), of_split.labels};
  }

  std::shared_ptr<const Dataset> dataset;
  PretrainOptions options;
  c10::Device device;
  InputFn inputs;
  Augmenter augmenter;
  Projector query, key;  ///< key: moco only
  KeyQueue queue;
  std::unique_ptr<torch::optim::AdamW> optimizer;
  std::int64_t epoch = 0, n_steps = 0;
};

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
  if (!std::isfinite(sum)) {
    throw DataError(
        "pre-training", "",
        fmt::format("diverged in epoch {} (the loss is no number) lower --learning-rate",
                    impl_->epoch + 1));
  }
  ++impl_->epoch;
  return sum / static_cast<double>(steps_an_epoch());
}

QualityFigure Pretraining::quality() {
  const LabeledFeatures train = impl_->features("train"), test = impl_->features("test");
  return {knn_accuracy(train, test), linear_probe_accuracy(train, test)};
}

std::string Pretraining::checkpoint() const {
  torch::serialize::OutputArchive archive;
  archive.write("settings", c10::IValue(settings_of(impl_->options, *impl_->dataset)));
  archive.write("epoch", c10::IValue(impl_->epoch));
  archive.write("steps", c10::IValue(impl_->n_steps));
  write_module(archive, "encoder", *impl_->query.encoder);
  write_module(archive, "head", *impl_->query.head);
  if (impl_->moco()) {
    write_module(archive, "key_encoder", *impl_->key.encoder);
    write_module(archive, "key_head", *impl_->key.head);
    archive.write("queue", impl_->queue.rows(), /*is_buffer=*/true);
  }
  torch::serialize::OutputArchive optimizer(archive.compilation_unit());
  impl_->optimizer->save(optimizer);
  archive.write("optimizer", optimizer);
  return bytes_of(archive);
}

void Pretraining::load_checkpoint(const std::string& bytes) {
  try {
    std::istringstream in(bytes);
    torch::serialize::InputArchive archive;
    archive.load_from(in, impl_->device);
    c10::IValue settings, epoch, steps;
    archive.read("settings", settings);
    archive.read("epoch", epoch);
    archive.read("steps", steps);
    const std::string wanted = settings_of(impl_->options, *impl_->dataset);
    if (settings.toStringRef() != wanted) {
      throw DataError(
          "checkpoint", "",
          fmt::format("is of other settings ('{}' instead of '{}'; --force starts anew)",
                      settings.toStringRef(), wanted));
    }
    read_module(archive, "encoder", *impl_->query.encoder);
    read_module(archive, "head", *impl_->query.head);
    if (impl_->moco()) {
      read_module(archive, "key_encoder", *impl_->key.encoder);
      read_module(archive, "key_head", *impl_->key.head);
      at::Tensor rows;
      archive.read("queue", rows, /*is_buffer=*/true);
      impl_->queue = KeyQueue(rows);
    }
    torch::serialize::InputArchive optimizer;
    archive.read("optimizer", optimizer);
    impl_->optimizer->load(optimizer);
    impl_->epoch = epoch.toInt();
    impl_->n_steps = steps.toInt();
  } catch (const c10::Error&) {
    throw DataError("checkpoint", "", "is damaged (--force starts anew)");
  }
}

void Pretraining::save_encoder(const std::string& path) const {
  torch::serialize::OutputArchive archive;
  archive.write("al_mpi_encoder", c10::IValue(impl_->options.network));
  archive.write("al_mpi_method", c10::IValue(impl_->options.method));
  archive.write("al_mpi_epochs", c10::IValue(impl_->epoch));
  archive.write("al_mpi_bands",
                c10::IValue(fmt::format("{}", fmt::join(impl_->dataset->bands, "\n"))));
  for (const auto& child : impl_->query.encoder->named_children()) {
    if (child.key() != "fc") write_module(archive, child.key(), *child.value());
  }
  write_file_atomically(path, bytes_of(archive));
}

EncoderDescription describe_encoder(const std::string& path) {
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(path);
    c10::IValue network, method, bands, epochs;
    archive.read("al_mpi_encoder", network);
    archive.read("al_mpi_method", method);
    archive.read("al_mpi_epochs", epochs);
    archive.read("al_mpi_bands", bands);
    EncoderDescription out{network.toStringRef(), method.toStringRef(), {}, epochs.toInt()};
    std::istringstream lines(bands.toStringRef());
    for (std::string band; std::getline(lines, band);) out.bands.push_back(band);
    return out;
  } catch (const c10::Error&) {
    throw DataError(path, "", "is no encoder of al_prepare pretrain");
  }
}

}  // namespace al_mpi
