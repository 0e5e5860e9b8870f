#include "model.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>
#include <torch/nn/modules/batchnorm.h>

#include <pixel_kernels/level.hpp>
#include "embeddings.hpp"
#include "src/model/devices/device_of.hpp"
#include "src/model/devices/precision.hpp"
#include "src/model/layers/layers.hpp"
#include "src/model/networks/loss_predictor.hpp"
#include "src/model/networks/pretrained.hpp"
#include "src/model/networks/scripted_network.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>

namespace al_mpi {
namespace {

std::vector<std::int64_t> valid_classes_of(const Dataset& dataset) {
  std::vector<std::int64_t> classes;
  for (std::int64_t k = 0; k < dataset.n_classes(); ++k) {
    if (k != dataset.ignore_label) classes.push_back(k);
  }
  return classes;
}

/// The network, its inputs, and the tensors that it starts from.
void build_network(Model& model) {
  const Dataset& dataset = *model.dataset;
  const ModelOptions& options = model.options.model;
  const Split& pool = dataset.train();
  model.inputs = model.device.is_cuda() ? resident_inputs(model.dataset, model.device)
                                        : image_inputs(model.dataset, model.device);
  if (!options.torchscript.empty()) {
    model.network = load_scripted(options.torchscript, {pool.channels, dataset.n_classes()},
                                  pool.height, pool.width);
    for (const auto& [name, tensor] : named_state(*model.network)) {
      model.pretrained.emplace(name, tensor.detach().clone());
    }
    return;
  }
  NetworkShape shape{pool.channels, dataset.n_classes()};
  if (takes_embeddings(options.name)) {
    model.inputs =
        embedding_inputs(model.dataset, model.options.predictions.embeddings, model.device);
    shape.bands = model.inputs("train", {0}).size(1);
  }
  model.network = make_network(options.name, shape);
  if (!options.pretrained.empty()) {
    model.pretrained = fitting_weights(*model.network, dataset.bands, options, dataset.sensor);
  }
}

bool is_frozen(const Model& model, const std::string& name, bool batch_norm) {
  const Freeze freeze = model.options.model.freeze;
  return (freeze == Freeze::batch_norm && batch_norm) ||
         (freeze == Freeze::trunk && model.network->in_trunk(name));
}

void freeze_weights(Model& model) {
  std::set<std::string> norms;
  for (const auto& item : model.network->named_modules("", /*include_self=*/false)) {
    if (std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(item.value()))
      norms.insert(item.key());
  }
  for (auto& item : model.network->named_parameters()) {
    const std::string module = item.key().substr(0, item.key().rfind('.'));
    if (is_frozen(model, item.key(), norms.count(module) > 0)) item.value().requires_grad_(false);
  }
}

/// Registered last, as a part of the network: what the network itself draws for its weights stays
/// the same, and the predictor is trained, reset, kept and restored with it.
void add_loss_predictor(Model& model) {
  model.loss_predictor = std::make_shared<LossPredictor>(model.encode("train", {0}));
  model.loss_predictor->to(model.device);
  model.network->register_module(loss_predictor_name, model.loss_predictor);
}

/// Once a process.
void note_slow_precision(const Model& model) {
  static const bool slow = !pixel_kernels::bfloat16_is_faster();
  static std::once_flag noted;
  if (model.options.training.precision != Precision::bf16 || !model.device.is_cpu() || !slow)
    return;
  std::call_once(noted, [] {
    spdlog::warn(
        "training.precision: bf16 is slower than fp32 on this processor ({}); its numbers "
        "are the same as elsewhere",
        pixel_kernels::has_bfloat16_instructions ? "an Intel one: docs/performance.md"
                                                 : "no AVX512_BF16");
  });
}

}  // namespace

Model make_model(std::shared_ptr<const Dataset> dataset, const LearnerOptions& options,
                 std::int64_t seed) {
  Model model;
  model.dataset = dataset;
  model.options = options;
  model.seed = seed;
  model.device = device_of(options.device);
  model.in_bulk = !model.device.is_cpu();
  set_numerics(options.training.precision, model.device);
  at::set_num_threads(options.threads);
  model.valid_classes = valid_classes_of(*dataset);
  model.valid_rows = upload(model.valid_classes, model.device);
  double& dropout = model.options.model.dropout;
  if (dropout < 0) dropout = model.segmentation() ? 0.5 : 0.3;
  note_slow_precision(model);
  build_network(model);
  prepare(*model.network, model.device);
  freeze_weights(model);
  if (options.predicts_losses) add_loss_predictor(model);
  reset_weights(model, 0);
  return model;
}

void reset_weights(Model& model, int round) {
  const bool fresh = model.options.training.initial_weights == InitialWeights::fresh;
  RngStream weights(model.seed, "weights", static_cast<std::uint64_t>(fresh ? round : 0));
  initialize_weights(*model.network, weights());
  const at::NoGradGuard no_grad;
  NamedTensors state = named_state(*model.network);
  for (const auto& [name, tensor] : model.pretrained) state.at(name).copy_(tensor);
}

void reset_for_training(Model& model, int round) {
  if (model.options.training.initial_weights == InitialWeights::fresh)
    return reset_weights(model, round);
  const NamedTensors state = named_state(*model.network);
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : model.initial) at::Tensor(state.at(name)).copy_(tensor);
  if (!model.initial.empty()) return;
  reset_weights(model, round);
  for (const auto& [name, tensor] : state) model.initial.emplace(name, tensor.detach().clone());
}

void enter_training_mode(Model& model) {
  model.network->train();
  for (const auto& item : model.network->named_modules("", /*include_self=*/false)) {
    const auto layer = std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(item.value());
    if (layer && is_frozen(model, item.key() + ".weight", /*batch_norm=*/true)) layer->eval();
  }
}

std::int64_t Model::prediction_batch() const {
  const std::int64_t wanted = options.training.prediction_batch;
  if (device.is_cpu()) return wanted;
  constexpr std::int64_t times = 16, most_pixels = std::int64_t{1} << 22;
  const Split& pool = dataset->train();
  return std::clamp(most_pixels / std::max<std::int64_t>(1, pool.height * pool.width), wanted,
                    times * wanted);
}

std::vector<at::Tensor> Model::encode(const at::Tensor& images) const {
  const at::NoGradGuard no_grad;
  const PrecisionScope precision(options.training.precision, device);
  network->eval();
  return network->encode(images);
}

at::Tensor Model::logits(const std::vector<at::Tensor>& features) const {
  const PrecisionScope precision(options.training.precision, device);
  return network->decode(features).to(at::kFloat);
}

at::Tensor Model::valid(const at::Tensor& of_all_classes) const {
  if (static_cast<std::int64_t>(valid_classes.size()) == of_all_classes.size(1)) {
    return of_all_classes;
  }
  return of_all_classes.index_select(1, valid_rows);
}

}  // namespace al_mpi
