#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/training/embeddings.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

TEST_CASE("probes learn on embeddings, here on the band statistics, and answer everything") {
  const auto dataset = toy_dataset();
  Pool pool(*dataset);
  pool.label({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  for (const char* name : {"linear_probe", "mlp_probe"}) {
    INFO(name);
    LearnerOptions options;
    options.model.name = name;
    options.training.epochs = 10;
    Learner learner(dataset, options, 1);
    learner.train(pool, 0);
    CHECK(accuracy(learner.evaluate("test").confusion) > 0.9);
    const auto predictions = learner.predictions(1);
    const Indices indices = {20, 30, 40};
    const at::Tensor features = predictions->features(indices);
    CHECK(features.size(1) == (std::string(name) == "linear_probe" ? 21 : 256));
    const LinearHead head = predictions->head();
    const at::Tensor p = at::softmax(at::matmul(features, head.weight.t()) + head.bias, 1);
    CHECK(at::allclose(p, probabilities(*predictions, indices), 1e-4, 1e-5));
    CHECK(mc_probabilities(*predictions, indices, 4).sizes() == at::IntArrayRef({4, 3, 3}));
    CHECK(predictions->embeddings(indices).sizes() == at::IntArrayRef({3, 21}));
    predictions->each_images(indices, [](std::int64_t, const at::Tensor& rows, const auto& logits) {
      CHECK(rows.sizes() == at::IntArrayRef({3, 21}));
      const at::Tensor x = rows.clone().requires_grad_(true);
      logits(x).pow(2).sum().backward();
      CHECK(x.grad().abs().max().template item<double>() > 0);
    });
  }
}

TEST_CASE("a probe's inputs are standardised columns of one overall size") {
  const auto dataset = toy_dataset({4, 3, 8, 2});
  std::vector<float> values = {0, 5, 2, 5, 4, 5, 6, 5};  // the second column is constant
  dataset->splits["train"].embeddings["own"] = {values.data(), 4, 2};
  const auto inputs = embedding_inputs(dataset, "own", c10::Device(c10::DeviceType::CPU));
  // Column one: mean 3, standard deviation sqrt(5); scale 4 / sqrt(2).
  const double unit = 4 / std::sqrt(2.0) / std::sqrt(5.0);
  const at::Tensor expected =
      at::tensor({3 * unit, 0.0, -3 * unit, 0.0}).view({2, 2}).to(at::kFloat);
  CHECK(at::allclose(inputs("train", {3, 0}), expected));
}

TEST_CASE("frozen parts of a network do not move") {
  const auto dataset = toy_dataset();
  Pool pool(*dataset);
  pool.label({0, 1, 2, 3, 4, 5});
  LearnerOptions options;
  options.model.name = "small_cnn";
  options.training.epochs = 2;
  options.model.freeze = Freeze::trunk;
  Learner learner(dataset, options, 1);
  const at::Tensor features = learner.predictions(0)->features({7, 8});
  const at::Tensor weight = learner.predictions(0)->head().weight.clone();
  learner.train(pool, 0);
  CHECK(at::equal(features, learner.predictions(1)->features({7, 8})));
  CHECK_FALSE(at::equal(weight, learner.predictions(1)->head().weight));

  options.model.freeze = Freeze::batch_norm;
  Learner norms(dataset, options, 1);
  norms.train(pool, 0);
  CHECK_FALSE(at::equal(features, norms.predictions(1)->features({7, 8})));
}
