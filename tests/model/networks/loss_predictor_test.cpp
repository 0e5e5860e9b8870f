#include <cmath>

#include <ATen/ATen.h>
#include <torch/utils.h>

#include "src/model/networks/loss_predictor.hpp"
#include "src/model/training/sgd.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>

#undef CHECK  // LibTorch's logging; Catch's own follows
#include "catch.hpp"
#include "model/toy_dataset.hpp"

using namespace al_mpi;

namespace {

double ranked(const std::vector<double>& predicted, const std::vector<double>& losses) {
  return ranking_loss(at::tensor(predicted), at::tensor(losses)).item<double>();
}

/// Maps of two stages, and losses that can be read from them.
struct Batch {
  explicit Batch(std::int64_t n)
      : maps{at::randn({n, 3, 4, 4}), at::randn({n, 5})},
        losses(4.0 * maps[0].mean({2, 3}).select(1, 0).abs() + maps[1].select(1, 2).abs()) {}
  std::vector<at::Tensor> maps;
  at::Tensor losses;
};

LearnerOptions small_options() {
  LearnerOptions options;
  options.model.name = "small_cnn";
  options.training.steps = 30;
  options.training.batch_size = 8;
  options.predicts_losses = true;
  return options;
}

}  // namespace

TEST_CASE("the ranking loss is the hinge of each pair from the outside in") {
  CHECK(ranked({3, 0}, {1, 0}) == 0.0);    // right by more than 1
  CHECK(ranked({0.5, 0}, {1, 0}) == 0.5);  // right, but not by 1
  CHECK(ranked({0, 2}, {1, 0}) == 3.0);    // wrong
  // Pairs (0, 3): 1 + 0.5, and (1, 2) of equal losses: 1.
  CHECK(ranked({1, 0, 3, 0.5}, {2, 1, 1, 5}) == 1.25);
  // The middle one has no partner; neither has a single one.
  CHECK(ranked({0, 9, 3}, {2, 7, 1}) == 4.0);
  CHECK(ranked({5}, {1}) == 0.0);
}

TEST_CASE("a pair of equal losses pulls nowhere") {
  const at::Tensor predicted = at::tensor({1.0, 0.0, 3.0, 0.5}).requires_grad_(true);
  ranking_loss(predicted, at::tensor({2.0, 1.0, 1.0, 5.0})).backward();
  CHECK(predicted.grad().equal(at::tensor({0.5, 0.0, 0.0, -0.5})));
}

TEST_CASE("a sample's loss is the mean over its valid pixels") {
  at::Tensor logits = at::zeros({3, 2, 1, 2});
  logits[0][1][0][1] = std::log(3.0);  // pixel 1 of image 0: probabilities 1/4, 3/4
  const at::Tensor labels = at::tensor({0L, 1L, 9L, 1L, 9L, 9L}).view({3, 1, 2});
  const at::Tensor losses = sample_losses(logits, labels, 9);
  CHECK(losses[0].item<double>() == Approx((std::log(2.0) + std::log(4.0 / 3.0)) / 2));
  CHECK(losses[1].item<double>() == Approx(std::log(2.0)));
  CHECK(losses[2].item<double>() == 0.0);
  const at::Tensor of_images =
      sample_losses(at::tensor({0.0F, std::log(3.0F)}).view({1, 2}), at::tensor({0L}), -1);
  CHECK(of_images[0].item<double>() == Approx(std::log(4.0)));
}

TEST_CASE("a loss predictor learns to rank losses that the maps tell") {
  torch::manual_seed(1);
  LossPredictor predictor(Batch(2).maps);
  TrainingOptions options;
  options.momentum = 0.9;
  Sgd sgd(predictor.parameters(), options);
  for (int step = 0; step < 300; ++step) {
    const Batch batch(32);
    sgd.step(predictor.training_loss(batch.maps, batch.losses, 0.0));
  }
  const Batch unseen(400);
  const at::Tensor predicted = predictor.forward(unseen.maps);
  const at::Tensor agree =
      (predicted - predicted.flip(0)) * (unseen.losses - unseen.losses.flip(0));
  CHECK(agree.gt(0).to(at::kFloat).mean().item<double>() > 0.9);
}

TEST_CASE("the gradient into the network stops after 60 % of the steps, the predictor's does not") {
  torch::manual_seed(1);
  for (const double done : {0.0, 0.59, 0.6, 0.99}) {
    Batch batch(8);
    for (at::Tensor& map : batch.maps) map.requires_grad_(true);
    LossPredictor predictor(batch.maps);
    predictor.training_loss(batch.maps, batch.losses, done).backward();
    for (const at::Tensor& map : batch.maps) CHECK(map.grad().defined() == (done < 0.6));
    for (const at::Tensor& weight : predictor.parameters()) CHECK(weight.grad().defined());
  }
}

TEST_CASE("a learner's loss predictor leaves the network's initial weights and its file alone") {
  const auto dataset = toy_dataset();
  LearnerOptions plain = small_options();
  plain.predicts_losses = false;
  Learner without(dataset, plain, 1), with(dataset, small_options(), 1);
  CHECK(with.trained_network().state == without.state());
  CHECK(with.evaluate("test").nll == without.evaluate("test").nll);
  CHECK(with.state() != without.state());
  CHECK_THROWS_AS(without.predictions(1)->predicted_losses({0}), DataError);

  const Pool pool = labeled_pool(*dataset, 30);
  without.train(pool, 0);
  with.train(pool, 0);
  CHECK(with.trained_network().state != without.state());  // the ranking loss shapes the network
  CHECK(accuracy(with.evaluate("test").confusion) > 0.9);
}

TEST_CASE("a loss predictor is trained, reset and restored with its network") {
  const auto dataset = toy_dataset();
  const Pool pool = labeled_pool(*dataset, 30);
  LearnerOptions options = small_options();
  options.model.freeze = GENERATE(Freeze::none, Freeze::trunk);
  const Indices asked = {3, 40, 41};
  Learner learner(dataset, options, 1);
  const at::Tensor first = learner.predictions(0)->predicted_losses(asked);
  learner.train(pool, 0);
  const at::Tensor trained = learner.predictions(1)->predicted_losses(asked);
  CHECK_FALSE(trained.equal(first));
  CHECK(trained.sizes() == at::IntArrayRef({3}));

  Learner other(dataset, options, 1);
  other.load_state(learner.state());
  CHECK(other.predictions(1)->predicted_losses(asked).equal(trained));
  other.train(pool, 0);  // from new weights: the same again
  CHECK(other.state() == learner.state());
}

TEST_CASE("every kind of network gives a loss predictor what it needs") {
  const auto dataset = toy_dataset({12, 3, 32, 3});
  for (const std::string name : {"resnet18", "linear_probe", "mlp_probe"}) {
    LearnerOptions options = small_options();
    options.model.name = name;
    options.training.steps = 2;
    options.training.learning_rate = 0.01;
    Learner learner(dataset, options, 1);
    learner.train(labeled_pool(*dataset, 9), 0);
    INFO(name);
    CHECK(learner.predictions(1)->predicted_losses({1, 2}).isfinite().all().item<bool>());
  }
}
