#include <limits>

#include <ATen/ops/tensor.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/model/learner.hpp>
#include <al_mpi/model/pretrain.hpp>

using namespace al_mpi;

namespace {

/// One step that throws the weights far away: its own loss is still a number.
LearnerOptions one_wild_step(const std::string& network) {
  LearnerOptions options;
  options.model.name = network;
  options.training.steps = 1;
  options.training.batch_size = 8;
  options.training.learning_rate = 1e20;
  return options;
}

/// The message of what training and evaluation throw; empty if they do not.
std::string refusal(const std::shared_ptr<ToyDataset>& dataset, const LearnerOptions& options) {
  try {
    Learner learner(dataset, options, 1);
    learner.train(labeled_pool(*dataset, 12), 3);
    learner.evaluate("test");
  } catch (const DataError& error) {
    return error.what();
  }
  return {};
}

std::shared_ptr<ToyDataset> tiles() {
  const auto dataset = toy_dataset({12, 3, 20, 3});
  dataset->task = Task::segmentation;
  for (const char* name : {"train", "test"}) {
    auto& maps = dataset->label_maps[name];
    for (std::uint8_t tile = 0; tile < 12; ++tile) maps.insert(maps.end(), 400, tile % 3);
    dataset->splits[name].label_maps = maps.data();
    dataset->splits[name].labels.clear();
  }
  return dataset;
}

}  // namespace

TEST_CASE("one step into the void is divergence, although its loss was a number") {
  for (const char* network : {"small_cnn", "mlp_probe"}) {
    INFO(network);
    const std::string message = refusal(toy_dataset(), one_wild_step(network));
    CHECK_THAT(message, Contains("training: diverged in round 3") &&
                            Contains("lower training.learning_rate"));
  }
  LearnerOptions options = one_wild_step("linear_probe");  // a long vector is a classifier, too
  CHECK(refusal(toy_dataset(), options).empty());
  options.training.learning_rate = 3e38;
  options.training.steps = 20;
  CHECK_THAT(refusal(toy_dataset(), options), Contains("training: diverged in round 3"));
}

TEST_CASE("a segmentation network diverges with the same words") {
  CHECK_THAT(refusal(tiles(), one_wild_step("unet_resnet18")),
             Contains("training: diverged in round 3"));
}

TEST_CASE("a loss predictor that has no finite weights fails the training") {
  LearnerOptions options = one_wild_step("small_cnn");
  options.predicts_losses = true;
  CHECK_THAT(refusal(toy_dataset(), options), Contains("training: diverged in round 3"));
}

TEST_CASE("pseudo-labels are not taken from a network that diverged") {
  LearnerOptions options = one_wild_step("linear_probe");
  options.training.learning_rate = 3e38;
  options.training.pseudo_labels = {0.5, 1.0};
  CHECK_THAT(refusal(toy_dataset(), options), Contains("training: diverged in round 3"));
}

TEST_CASE("training that goes well is not taken for divergence, whatever its precision") {
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    LearnerOptions options = one_wild_step("small_cnn");
    options.training.learning_rate = 0.01;
    options.training.precision = precision;
    CHECK(refusal(toy_dataset(), options).empty());
  }
}

TEST_CASE("pre-training that ends in an encoder of no finite features is refused") {
  PretrainOptions options;
  options.epochs = 1;
  options.batch_size = 8;
  options.projection = 8;
  options.warmup = 0;
  options.learning_rate = 1e30;
  const auto dataset = toy_dataset({8, 3, 16, 2});  // one step an epoch: no loss after it
  Pretraining training(dataset, options);
  CHECK_THROWS_WITH((training.run_epoch(), training.quality()), Contains("diverged in epoch 1"));
}

TEST_CASE("finite means neither NaN nor infinite, of numbers of any type") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(all_finite({}));
  CHECK(all_finite({at::tensor({1.0F, 3e38F}), at::tensor({1, 2})}));
  CHECK_FALSE(all_finite({at::tensor({1.0F}), at::tensor({1.0F, infinity})}));
  CHECK_FALSE(all_finite({at::tensor({0.0F, std::numeric_limits<float>::quiet_NaN()})}));
}
