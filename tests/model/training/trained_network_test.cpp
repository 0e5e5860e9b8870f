#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

/// The test images as the sensor stored them, in float32.
std::vector<float> test_images(const Dataset& dataset) {
  const Split& test = dataset.test();
  const auto* pixels = static_cast<const std::uint16_t*>(test.image(0));
  return {pixels, pixels + test.n * test.channels * test.height * test.width};
}

}  // namespace

TEST_CASE("a classifier made of a trained network answers as the learner did") {
  const auto dataset = toy_dataset();
  LearnerOptions options;
  options.model.name = "small_cnn";
  options.training.epochs = 3;
  Learner learner(dataset, options, 1);
  learner.train(labeled_pool(*dataset, dataset->train().n), 0);
  const ConfusionMatrix expected = learner.evaluate("test").confusion;

  const Classifier classifier(learner.trained_network(), "cpu");
  const auto classes = classifier(test_images(*dataset), dataset->test().n, 16, 16);
  ConfusionMatrix got(3);
  for (std::size_t i = 0; i < classes.size(); ++i) got.add(dataset->test().labels[i], classes[i]);
  CHECK(got.counts == expected.counts);
  CHECK(accuracy(got) > 0.8);
}

TEST_CASE("a segmentation answers every pixel, never with the ignored class") {
  const auto dataset = toy_dataset({12, 3, 20, 3});
  dataset->task = Task::segmentation;
  dataset->ignore_label = 0;
  for (const char* name : {"train", "test"}) {
    dataset->label_maps[name].assign(12 * 400, 1);
    dataset->splits[name].label_maps = dataset->label_maps[name].data();
    dataset->splits[name].labels.clear();
  }
  LearnerOptions options;
  options.model.name = "unet_resnet18";
  const Learner learner(dataset, options, 1);
  const Classifier classifier(learner.trained_network(), "cpu");
  std::vector<float> images = test_images(*dataset);
  images[5] = std::numeric_limits<float>::quiet_NaN();  // counts as the mean: no hole around it
  const auto classes = classifier(images, 12, 20, 20);
  REQUIRE(classes.size() == 12 * 400);
  for (const std::uint8_t value : classes) CHECK((value == 1 || value == 2));
  CHECK(classifier(std::vector<float>(3 * 30 * 25, 1000.0f), 1, 30, 25).size() == 750);  // any size
}

TEST_CASE("networks on embeddings, and weights of another network, are refused") {
  const auto dataset = toy_dataset();
  LearnerOptions options;
  options.model.name = "linear_probe";
  CHECK_THROWS_WITH(Classifier(Learner(dataset, options, 1).trained_network(), "cpu"),
                    Contains("cannot look at images"));
  options.model.name = "small_cnn";
  TrainedNetwork network = Learner(dataset, options, 1).trained_network();
  network.bands.push_back("one more");
  CHECK_THROWS_AS(Classifier(network, "cpu"), DataError);
}

TEST_CASE("a network trained in tf32 is applied without a GPU, in fp32") {
  const auto dataset = toy_dataset();
  LearnerOptions options;
  options.model.name = "small_cnn";
  TrainedNetwork network = Learner(dataset, options, 1).trained_network();
  const auto classes_of = [&](Precision precision) {
    network.precision = precision;
    return Classifier(network, "cpu")(test_images(*dataset), dataset->test().n, 16, 16);
  };
  CHECK(classes_of(Precision::tf32) == classes_of(Precision::fp32));
}
