#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/python_oracle.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/networks/scripted_network.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

TEST_CASE("TorchScript modules give Python's logits and their head's features") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const at::Tensor images = python->floats("images.bin", {2, 3, 64, 64});
  for (const char* kind : {"logits", "pair"}) {
    const at::Tensor logits = python->floats(std::string("own_") + kind + ".bin", {2, 7});
    for (const char* how : {"scripted_", "traced_"}) {
      INFO(how << kind);
      const NetworkPtr network =
          load_scripted(python->path(std::string(how) + kind + ".pt"), {3, 7}, 64, 64);
      network->eval();
      const auto features = network->encode(images);
      CHECK(features.back().sizes() == at::IntArrayRef({2, 8}));
      CHECK((network->decode(features) - logits).abs().max().item<double>() < 1e-5);
      CHECK(network->head().weight.sizes() == at::IntArrayRef({7, 8}));
      CHECK(network->in_trunk("trunk/0/weight"));
      CHECK_FALSE(network->in_trunk("classifier/weight"));
    }
  }
}

TEST_CASE("a module traced on a GPU works where there is none, with the tensors of its code") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const at::NoGradGuard no_grad;
  const at::Tensor images = python->floats("images.bin", {2, 3, 64, 64});
  const at::Tensor logits = python->floats("own_placed.bin", {2, 7});
  for (const char* file : {"traced_placed.pt", "cuda_traced_placed.pt"}) {
    INFO(file);
    const NetworkPtr network = load_scripted(python->path(file), {3, 7}, 64, 64);
    network->eval();
    for (int moves = 0; moves < 2; ++moves) {
      CHECK((network->decode(network->encode(images)) - logits).abs().max().item<double>() < 1e-5);
      network->to(c10::Device(c10::DeviceType::CPU));
    }
  }
}

TEST_CASE("a learner trains a TorchScript module, resets it to its file and asks it everything") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const auto dataset = toy_dataset({42, 3, 16, 7});
  LearnerOptions options;
  options.model.torchscript = python->path("scripted_logits.pt");
  options.training.epochs = 2;
  Learner learner(dataset, options, 1), twin(dataset, options, 1);
  const std::string initial = learner.weights_hash();
  Pool pool(*dataset), empty(*dataset);
  pool.label({0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(std::isfinite(learner.train(pool, 0).loss));
  twin.train(pool, 0);
  CHECK(learner.weights_hash() == twin.weights_hash());  // its own dropout is off: no global draws
  CHECK(learner.weights_hash() != initial);
  const auto predictions = learner.predictions(1);
  CHECK(mc_probabilities(*predictions, {9, 10}, 3).sizes() == at::IntArrayRef({3, 2, 7}));
  CHECK(predictions->features({9, 10}).sizes() == at::IntArrayRef({2, 8}));
  predictions->each_images({9, 10}, [](std::int64_t, const at::Tensor& images, const auto& logits) {
    const at::Tensor x = images.clone().requires_grad_(true);
    logits(x).sum().backward();
    CHECK(x.grad().abs().max().template item<double>() > 0);
  });
  learner.train(empty, 1);
  CHECK(learner.weights_hash() == initial);
}

TEST_CASE("TorchScript files that do not fit are refused") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const auto load = [&](const char* file, NetworkShape shape) {
    return load_scripted(python->path(file), shape, 64, 64);
  };
  CHECK_THROWS_WITH(load("scripted_logits.pt", {3, 10}), Contains("dataset has 10 classes"));
  CHECK_THROWS_WITH(load("scripted_logits.pt", {13, 7}), Contains("images [batch, 13, 64, 64]"));
  CHECK_THROWS_WITH(load("no_linear.pt", {3, 7}), Contains("no linear layer"));
  CHECK_THROWS_AS(load("zip.pt", {3, 7}), DataError);
  CHECK_THROWS_AS(load("missing.pt", {3, 7}), DataError);
}
