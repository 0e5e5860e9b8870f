// Training, evaluation and answers on a GPU beside those of the CPU, which other tests hold.

#include <cmath>
#include <map>
#include <string>

#include <ATen/ATen.h>
#include <torch/optim/sgd.h>

#include "gpu/gpu.hpp"
#include "model/toy_dataset.hpp"
#include "scratch_folder.hpp"
#include "src/model/devices/precision.hpp"
#include "src/model/networks/pretrained.hpp"
#include "src/model/networks/weights.hpp"
#include "src/model/training/cross_entropy.hpp"
#include "src/model/training/model.hpp"
#include "src/model/training/sgd.hpp"
#include <al_mpi/model/predictions.hpp>
#include <al_mpi/model/pretrain.hpp>

using namespace al_mpi;

namespace {

const c10::Device cpu(c10::DeviceType::CPU);

std::shared_ptr<ToyDataset> tiles(bool maps) {
  const auto dataset = toy_dataset({40, 13, 64, 4});
  if (!maps) return dataset;
  dataset->task = Task::segmentation;
  dataset->ignore_label = 0;
  for (const char* name : {"train", "test"}) {
    auto& labels = dataset->label_maps[name];
    for (std::size_t p = 0; p < 40 * 4096; ++p) {
      labels.push_back(static_cast<std::uint8_t>(p / 4096 % 4 * (p % 64 < 40 ? 1 : 0)));
    }
    dataset->splits[name].label_maps = labels.data();
    dataset->splits[name].labels.clear();
  }
  return dataset;
}

LearnerOptions options_of(bool maps, Precision precision, const std::string& device) {
  LearnerOptions options;
  options.model.name = maps ? "unet_resnet18" : "resnet18";
  options.training.steps = 5;
  options.training.batch_size = 8;
  options.training.learning_rate = 0.01;
  options.training.augment = Augment::dihedral_crop;
  options.training.precision =
      device == "cpu" && precision == Precision::tf32 ? Precision::fp32 : precision;
  options.predicts_losses = !maps;
  options.device = device;
  return options;
}

/// |a - b| / |b|, of all numbers together.
double distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.to(cpu, at::kDouble), y = b.to(cpu, at::kDouble);
  return ((x - y).norm() / y.norm().clamp_min(1e-12)).item<double>();
}

at::Tensor flat(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> parts;
  for (const at::Tensor& tensor : tensors) parts.push_back(tensor.detach().cpu().flatten());
  return at::cat(parts);
}

/// Of the loss of a batch in training mode, with respect to all weights of the network.
at::Tensor gradients(Model& model) {
  enter_training_mode(model);
  const Indices batch = range(0, 8);
  const at::Tensor labels = upload(label_batch(model.dataset->train(), batch), model.device);
  at::Tensor logits;
  {
    const PrecisionScope scope(model.options.training.precision, model.device);
    logits = model.network->decode(model.network->encode(model.inputs("train", batch)));
  }
  mean_cross_entropy(logits.to(at::kFloat), labels, model.dataset->ignore_label).backward();
  std::vector<at::Tensor> all;
  for (const auto& item : model.network->named_parameters()) {
    at::Tensor& grad = at::Tensor(item.value()).mutable_grad();
    if (!grad.defined()) continue;
    all.push_back(grad.contiguous());
    grad.reset();
  }
  return flat(all);
}

std::map<std::string, at::Tensor> answers(Model& model) {
  const auto predictions = learner_predictions(model, 1);
  const Indices asked = range(10, 40);
  std::map<std::string, at::Tensor> all;
  all["probabilities"] = probabilities(*predictions, asked);
  all["passes"] = mc_probabilities(*predictions, asked, 5);
  all["features"] = predictions->features(asked);
  all["embeddings"] = predictions->embeddings(asked);
  if (!model.segmentation()) {
    all["head"] = flat({predictions->head().weight, predictions->head().bias});
    all["predicted losses"] = predictions->predicted_losses(asked);
    std::vector<at::Tensor> slopes;
    predictions->each_images(asked,
                             [&](std::int64_t, const at::Tensor& images, const auto& logits) {
                               const c10::AutoGradMode gradients(true);
                               const at::Tensor x = images.clone().requires_grad_(true);
                               logits(x).select(1, 0).sum().backward();
                               slopes.push_back(x.grad().cpu());
                             });
    all["slopes of images"] = flat(slopes);
  }
  return all;
}

void compare_answers(Model& here, Model& there, double tolerance) {
  const auto expected = answers(here), found = answers(there);
  for (const auto& [name, values] : expected) {
    INFO(name);
    CHECK(found.at(name).is_cpu());
    CHECK(found.at(name).sizes() == values.sizes());
    CHECK(distance(found.at(name), values) < tolerance);
  }
}

}  // namespace

TEST_CASE("a GPU computes what the CPU computes, within the rounding of the precision") {
  const std::string device = test_device();
  if (device.empty()) return;
  const std::map<Precision, double> tolerances = {
      {Precision::fp32, 1e-3}, {Precision::tf32, 2e-2}, {Precision::bf16, 1e-1}};
  for (const bool maps : {false, true}) {
    const auto dataset = tiles(maps);
    for (const auto& [precision, tolerance] : tolerances) {
      INFO((maps ? "U-Net, " : "ResNet18, ") << name_of(precision));
      Model here = make_model(dataset, options_of(maps, precision, "cpu"), 1);
      Model there = make_model(dataset, options_of(maps, precision, device), 1);
      there.in_bulk = true;
      CHECK(to_bytes(named_state(*here.network)) == to_bytes(named_state(*there.network)));
      CHECK(distance(gradients(there), gradients(here)) < 3 * tolerance);
      compare_answers(here, there, tolerance);

      const Pool pool = labeled_pool(*dataset, 10);
      const TrainReport expected = train(here, pool, 0, {}), report = train(there, pool, 0, {});
      CHECK(report.steps == 5);
      CHECK(report.loss == Approx(expected.loss).epsilon(5 * tolerance));
      compare_answers(here, there, 10 * tolerance);

      // The same weights are evaluated.
      load_bytes(to_bytes(named_state(*here.network)), named_state(*there.network));
      const Evaluation a = evaluate(here, "test"), b = evaluate(there, "test");
      CHECK(b.nll == Approx(a.nll).epsilon(5 * tolerance));
      CHECK(b.ece == Approx(a.ece).margin(5 * tolerance));
      CHECK(b.confusion.total() == a.confusion.total());
      CHECK(b.all_pixels.total() == a.all_pixels.total());
      CHECK(accuracy(b.confusion) == Approx(accuracy(a.confusion)).margin(tolerance));
    }
  }
}

TEST_CASE("the same training on the same GPU has the same bits, and so have its answers") {
  const std::string device = test_device();
  if (device.empty()) return;
  for (const bool maps : {false, true}) {
    const auto dataset = tiles(maps);
    for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
      if (device == "cpu" && precision == Precision::tf32) continue;
      INFO((maps ? "U-Net, " : "ResNet18, ") << name_of(precision));
      const auto once = [&] {
        Model model = make_model(dataset, options_of(maps, precision, device), 1);
        for (int round = 0; round < 2; ++round) train(model, labeled_pool(*dataset, 20), round, {});
        auto all = answers(model);
        all["weights"] = flat([&] {
          std::vector<at::Tensor> state;
          for (const auto& item : named_state(*model.network)) {
            state.push_back(item.second.to(at::kFloat).contiguous());
          }
          return state;
        }());
        const Evaluation evaluation = evaluate(model, "test");
        all["metrics"] = at::tensor({evaluation.nll, evaluation.ece}, at::kDouble);
        return all;
      };
      const auto first = once(), second = once();
      for (const auto& [name, values] : first) {
        INFO(name);
        CHECK(at::equal(values, second.at(name)));
      }
    }
  }
}

TEST_CASE("images that stay on a GPU are those from the host, bit for bit") {
  const std::string device = test_device();
  if (device.empty()) return;
  const auto dataset = tiles(false);
  const Indices asked = {3, 0, 39, 3};
  const at::Tensor expected = image_inputs(dataset, cpu)("train", asked);
  for (const auto make : {image_inputs, resident_inputs}) {
    const at::Tensor images = make(dataset, c10::Device(device))("train", asked);
    CHECK(images.device().str().rfind(device, 0) == 0);
    CHECK(images.is_contiguous(at::MemoryFormat::ChannelsLast));
    CHECK(at::equal(images.cpu(), expected));
  }
}

TEST_CASE("the optimiser equals LibTorch's SGD on a GPU, and marks what it changed") {
  const std::string device = test_device();
  if (device.empty()) return;
  TrainingOptions options;
  options.momentum = 0.9;
  options.weight_decay = 0.01;
  const auto parameters = [&] {
    const at::Tensor a =
        at::arange(120, at::kFloat).view({2, 3, 4, 5}).to(c10::Device(device)) / 100;
    return std::vector<at::Tensor>{
        a.contiguous(at::MemoryFormat::ChannelsLast).detach().requires_grad_(true),
        a.flatten().narrow(0, 0, 7).clone().requires_grad_(true)};
  };
  const auto loss = [](const std::vector<at::Tensor>& p) {
    return p[0].pow(3).sum() + (p[0].mean() * p[1]).pow(2).sum();
  };
  const auto ours = parameters(), theirs = parameters();
  Sgd sgd(ours, options);
  torch::optim::SGD oracle(theirs, torch::optim::SGDOptions(options.learning_rate)
                                       .momentum(options.momentum)
                                       .weight_decay(options.weight_decay));
  for (int step = 0; step < 5; ++step) {
    const auto version = ours[0]._version();
    sgd.step(loss(ours));
    CHECK(ours[0]._version() > version);
    oracle.zero_grad();
    loss(theirs).backward();
    oracle.step();
    for (std::size_t i = 0; i < 2; ++i) CHECK(at::allclose(ours[i], theirs[i], 1e-5, 1e-6));
  }
}

TEST_CASE("what a GPU wrote is read without one, and back") {
  const std::string device = test_device();
  if (device.empty()) return;
  const auto dataset = tiles(false);
  const Pool pool = labeled_pool(*dataset, 10);
  Learner there(dataset, options_of(false, Precision::fp32, device), 1);
  there.train(pool, 0);
  Learner here(dataset, options_of(false, Precision::fp32, "cpu"), 1),
      back(dataset, options_of(false, Precision::fp32, device), 1);
  here.load_state(there.state());
  back.load_state(here.state());
  CHECK(here.state() == there.state());
  CHECK(back.state() == there.state());
  CHECK(back.weights_hash() == there.weights_hash());

  const auto* pixels = static_cast<const std::uint16_t*>(dataset->test().image(0));
  const std::vector<float> images(pixels, pixels + 8 * 13 * 4096);
  CHECK(Classifier(there.trained_network(), "cpu")(images, 8, 64, 64) ==
        Classifier(here.trained_network(), device)(images, 8, 64, 64));

  const ScratchFolder folder;
  PretrainOptions options;
  options.method = PretrainMethod::moco;
  options.epochs = 3;
  options.batch_size = 8;
  options.queue = 16;
  options.projection = 16;
  options.device = device;
  Pretraining training(dataset, options);
  training.run_epoch();
  training.save_encoder(folder.file("encoder.pt"));
  CHECK(describe_encoder(folder.file("encoder.pt")).epochs == 1);
  CHECK(read_weights(folder.file("encoder.pt")).at("conv1.weight").is_cpu());
  options.device = "cpu";
  Pretraining resumed(dataset, options);
  resumed.load_checkpoint(training.checkpoint());
  CHECK(resumed.epochs_done() == 1);
  CHECK(std::isfinite(resumed.run_epoch()));
  training.load_checkpoint(resumed.checkpoint());
  CHECK(training.epochs_done() == 2);
  CHECK(std::isfinite(training.run_epoch()));
}
