#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/model/model.hpp>
#include <al_mpi/model/precision.hpp>

namespace al_mpi {
namespace {

c10::Device parse_device(const std::string& name) {
  const bool cuda = name == "cuda" || name.rfind("cuda:", 0) == 0;
  if (name != "cpu" && !cuda) {
    throw ConfigError("farm.device",
                      fmt::format("unknown device '{}' (known: cpu, cuda, cuda:N)", name));
  }
  c10::Device device(c10::DeviceType::CPU);
  try {
    device = c10::Device(name);
  } catch (const c10::Error&) {
    throw ConfigError("farm.device", fmt::format("'{}' is no device (write cuda:0)", name));
  }
  const auto n_gpus = static_cast<int>(cuda ? torch::cuda::device_count() : 0);
  if (cuda && std::max<int>(device.index(), 0) >= n_gpus) {
    throw ConfigError("farm.device",
                      fmt::format("no device '{}' (LibTorch sees {} GPUs) use cpu", name, n_gpus));
  }
  return device;
}

std::vector<std::int64_t> valid_classes_of(const Dataset& dataset) {
  std::vector<std::int64_t> classes;
  for (std::int64_t k = 0; k < dataset.n_classes(); ++k) {
    if (k != dataset.ignore_label) classes.push_back(k);
  }
  return classes;
}

}  // namespace

Model make_model(std::shared_ptr<const Dataset> dataset, const LearnerOptions& options,
                 std::int64_t seed) {
  Model model;
  model.dataset = dataset;
  model.options = options;
  model.seed = seed;
  model.device = parse_device(options.device);
  at::set_num_threads(options.threads);
  model.valid_classes = valid_classes_of(*dataset);
  model.network =
      make_network(options.model.name, {dataset->train().channels, dataset->n_classes()});
  model.network->to(model.device);
  for (at::Tensor& weight : model.network->parameters()) {
    if (weight.dim() == 4) weight.set_data(weight.contiguous(at::MemoryFormat::ChannelsLast));
  }
  model.inputs = image_inputs(dataset, model.device);
  return model;
}

std::vector<at::Tensor> Model::encode(const std::string& split, const Indices& indices) const {
  const at::NoGradGuard no_grad;
  const PrecisionScope precision(options.training.precision, device);
  network->eval();
  return network->encode(inputs(split, indices));
}

at::Tensor Model::valid_logits(const std::vector<at::Tensor>& features) const {
  const PrecisionScope precision(options.training.precision, device);
  const at::Tensor logits = network->decode(features).to(at::kFloat);
  if (static_cast<std::int64_t>(valid_classes.size()) == logits.size(1)) return logits;
  return logits.index_select(1, at::tensor(valid_classes, logits.options().dtype(at::kLong)));
}

}  // namespace al_mpi
