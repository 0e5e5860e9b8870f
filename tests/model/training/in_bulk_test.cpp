// What a GPU does by few operations on many numbers, beside what the CPU does number by number.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/networks/weights.hpp"
#include "src/model/training/model.hpp"
#include <al_mpi/model/predictions.hpp>

using namespace al_mpi;

namespace {

std::shared_ptr<ToyDataset> classes() {
  const auto dataset = toy_dataset({50, 3, 16, 3});
  dataset->classes.insert(dataset->classes.begin(), "no data");
  dataset->ignore_label = 0;
  for (const char* name : {"train", "test"}) {
    for (std::int64_t& label : dataset->splits[name].labels) ++label;
    dataset->splits[name].labels[5] = 0;
  }
  return dataset;
}

std::shared_ptr<ToyDataset> maps() {
  const auto dataset = toy_dataset({10, 3, 20, 3});
  dataset->task = Task::segmentation;
  dataset->ignore_label = 0;
  for (const char* name : {"train", "test"}) {
    auto& maps = dataset->label_maps[name];
    for (std::size_t p = 0; p < 10 * 400; ++p) maps.push_back(static_cast<std::uint8_t>(p % 7 % 3));
    dataset->splits[name].label_maps = maps.data();
    dataset->splits[name].labels.clear();
  }
  return dataset;
}

Model trained(const std::shared_ptr<ToyDataset>& dataset, const std::string& network) {
  LearnerOptions options;
  options.model.name = network;
  options.training.epochs = 2;
  options.training.prediction_batch = 7;
  Model model = make_model(dataset, options, 1);
  train(model, labeled_pool(*dataset, 8), 0, {});
  return model;
}

void compare(Model& model) {
  const Evaluation expected = evaluate(model, "test");
  model.in_bulk = true;
  const Evaluation bulk = evaluate(model, "test");
  model.in_bulk = false;
  CHECK(bulk.confusion.counts == expected.confusion.counts);
  CHECK(bulk.all_pixels.counts == expected.all_pixels.counts);
  CHECK(bulk.nll == Approx(expected.nll).epsilon(1e-9));
  CHECK(bulk.ece == Approx(expected.ece).epsilon(1e-9));
  CHECK(bulk.boundary_f1 == expected.boundary_f1);
  CHECK(bulk.ignored_share == expected.ignored_share);

  const Indices asked = range(1, 10);
  const at::Tensor passes = mc_probabilities(*learner_predictions(model, 1), asked, 4);
  model.in_bulk = true;
  const at::Tensor at_once = mc_probabilities(*learner_predictions(model, 1), asked, 4);
  CHECK(at_once.sizes() == passes.sizes());
  CHECK((at_once - passes).abs().max().item<double>() < 1e-5);
  CHECK((passes[0] - passes[1]).abs().max().item<double>() > 1e-3);
}

}  // namespace

TEST_CASE(
    "sums over whole batches evaluate a classifier as the loops do, and passes in one batch are "
    "the same") {
  Model model = trained(classes(), "small_cnn");
  compare(model);
}

TEST_CASE("so they do for a segmentation, with the pixels that have no label") {
  Model model = trained(maps(), "unet_resnet18");
  compare(model);
}

TEST_CASE("an evaluation of nothing is nothing, in bulk too") {
  const auto dataset = classes();
  Model model = trained(dataset, "small_cnn");
  const Pool pool(*dataset);  // holds nothing out
  for (const bool in_bulk : {false, true}) {
    model.in_bulk = in_bulk;
    CHECK(std::isnan(validate(model, pool).nll));
    CHECK(validate(model, pool).confusion.total() == 0);
  }
}

TEST_CASE("predictions that are no numbers are refused with the same words, in bulk too") {
  Model model = trained(classes(), "small_cnn");
  const at::NoGradGuard no_grad;
  named_state(*model.network).at("fc.weight").fill_(std::numeric_limits<float>::quiet_NaN());
  std::vector<std::string> words;
  for (const bool in_bulk : {false, true}) {
    model.in_bulk = in_bulk;
    try {
      evaluate(model, "test");
    } catch (const DataError& error) {
      words.emplace_back(error.what());
    }
  }
  REQUIRE(words.size() == 2);
  CHECK(words[0] == words[1]);
  CHECK_THAT(words[1], Contains("predictions of 50 of 50 images of 'test'"));
}
