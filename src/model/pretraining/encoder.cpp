#include <al_mpi/model/encoder.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>

#include <ATen/Parallel.h>
#include <ATen/ops/zeros.h>

#include "src/model/devices/device_of.hpp"
#include "src/model/devices/precision.hpp"
#include "src/model/layers/layers.hpp"
#include "src/model/networks/pretrained.hpp"
#include "src/model/networks/script_module.hpp"
#include "src/model/networks/scripted_network.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/model/inputs.hpp>
#include <al_mpi/model/pretrain.hpp>

namespace al_mpi {
namespace {

using Features = std::function<at::Tensor(const at::Tensor& images)>;

Features features_of(const NetworkPtr& network, const c10::Device& device) {
  network->eval();
  prepare(*network, device);
  return [network](const at::Tensor& images) { return network->encode(images).back(); };
}

Features of_named_network(const Dataset& dataset, const EncoderSource& source) {
  if (takes_embeddings(source.network)) {
    throw ConfigError("--network", source.network + " takes no images");
  }
  const NetworkPtr network =
      make_network(source.network, {dataset.train().channels, dataset.n_classes()});
  RngStream rng(source.seed, "weights");
  initialize_weights(*network, rng());
  if (!source.file.empty()) {
    ModelOptions options;
    options.pretrained = source.file;
    options.first_conv = source.first_conv;
    const at::NoGradGuard no_grad;
    NamedTensors state = named_state(*network);
    for (const auto& [name, tensor] :
         fitting_weights(*network, dataset.bands, options, dataset.sensor)) {
      state.at(name).copy_(tensor);
    }
  }
  return features_of(network, device_of(source.device));
}

Features of_contrastive(const Dataset& dataset, EncoderSource& source, Encoder& encoder) {
  const EncoderDescription description = describe_encoder(source.file);
  if (description.bands != dataset.bands) {
    throw DataError(source.file, "",
                    fmt::format("is an encoder of the bands {}, the dataset has {}",
                                fmt::join(description.bands, " "), fmt::join(dataset.bands, " ")));
  }
  source.network = description.network;
  encoder.made_from = {
      {"pretrained", fmt::format("{}, {} epochs", description.method, description.epochs)}};
  return of_named_network(dataset, source);
}

/// A method of the module: torch's exceptions become one line.
Features of_script_method(const EncoderSource& source) {
  torch::jit::Module module = load_module(source.file);
  put_on(module, device_of(source.device));
  const auto method = module.find_method(source.method);
  if (!method) throw DataError(source.file, "", "has no method " + source.method);
  return
      [method = *method](const at::Tensor& images) mutable { return method({images}).toTensor(); };
}

Features of_script(const Dataset& dataset, const EncoderSource& source) {
  if (!source.method.empty()) return of_script_method(source);
  const Split& pool = dataset.train();
  return features_of(load_scripted(source.file, {pool.channels, 0}, pool.height, pool.width),
                     device_of(source.device));
}

at::Tensor as_rows(const at::Tensor& features) {
  return (features.dim() == 4 ? features.mean({2, 3}) : features).to(at::kFloat).cpu().contiguous();
}

/// Features of one image: whether the network works on the dataset, and how many they are.
std::int64_t try_out(const Features& features, const Dataset& dataset, const std::string& file) {
  const Split& pool = dataset.train();
  const at::NoGradGuard no_grad;
  const auto fail = [&](const std::string& reason) {
    throw DataError(file, "",
                    fmt::format("does not work on images [batch, {}, {}, {}] ({})", pool.channels,
                                pool.height, pool.width, reason.substr(0, reason.find('\n'))));
  };
  try {
    const at::Tensor rows = features(at::zeros({2, pool.channels, pool.height, pool.width}));
    if (rows.dim() != 2 || rows.size(0) != 2) {
      fail(fmt::format("it returns [{}], not a row an image", fmt::join(rows.sizes(), ", ")));
    }
    return rows.size(1);
  } catch (const c10::Error& error) {
    fail(error.what_without_backtrace());
  } catch (const std::runtime_error& error) {
    if (dynamic_cast<const Error*>(&error) != nullptr) throw;
    fail(error.what());
  }
  return 0;
}

}  // namespace

Encoder make_encoder(const Dataset& dataset, const EncoderSource& given) {
  EncoderSource source = given;
  Encoder encoder;
  const c10::Device device = device_of(source.device);
  set_numerics(source.precision, device, "--precision");
  const Features network = source.kind == EncoderKind::torchscript ? of_script(dataset, source)
                           : source.kind == EncoderKind::contrastive
                               ? of_contrastive(dataset, source, encoder)
                               : of_named_network(dataset, source);
  encoder.features = [=](const at::Tensor& images) {
    const at::NoGradGuard no_grad;  // gradient mode belongs to a thread
    const PrecisionScope precision(source.precision, device);
    return as_rows(network(images.to(device)));
  };
  // The first pass also folds the BatchNorm layers, which several threads must not do at once.
  encoder.dim = try_out(encoder.features, dataset, source.file);
  auto& notes = encoder.made_from;
  notes.insert(notes.begin(), {"method", name_of(source.kind)});
  if (source.kind != EncoderKind::torchscript) notes.emplace_back("network", source.network);
  if (!source.file.empty()) {
    notes.emplace_back("file", std::filesystem::path(source.file).filename().string());
  }
  if (source.kind == EncoderKind::weights)
    notes.emplace_back("first_conv", name_of(source.first_conv));
  if (source.kind == EncoderKind::random) notes.emplace_back("seed", std::to_string(source.seed));
  notes.emplace_back("precision", name_of(source.precision));
  return encoder;
}

void embed_split(std::shared_ptr<const Dataset> dataset, const std::string& split,
                 const Encoder& encoder, const EmbedOptions& options,
                 const std::function<bool(std::int64_t first)>& skip,
                 const std::function<void(std::int64_t first, const at::Tensor& rows)>& done) {
  const InputFn inputs = image_inputs(dataset, c10::Device(c10::DeviceType::CPU));
  const std::int64_t n = split_of(*dataset, split).n, size = options.batch_size;
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::exception_ptr problem;
  const auto work = [&] {
    at::set_num_threads(1);
    try {
      for (std::int64_t first; (first = size * next++) < n;) {
        if (skip(first)) continue;
        Indices batch;
        for (std::int64_t i = first; i < std::min(n, first + size); ++i) batch.push_back(i);
        const at::Tensor rows = encoder.features(inputs(split, batch));
        const std::lock_guard lock(mutex);
        if (problem) return;
        done(first, rows);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!problem) problem = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  for (int w = 0; w < options.workers; ++w) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (problem) std::rethrow_exception(problem);
}

}  // namespace al_mpi
