#include "tools/predict/scene.hpp"

#include <algorithm>
#include <filesystem>

#include <ATen/core/Tensor.h>  // before Catch: its logging header has a CHECK of its own

#include "catch.hpp"
#include "raster/geotiff.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

/// A trained network of the task on built-in scenes of 16 x 16 pixels with 3 bands and 3 classes.
TrainedNetwork network_of(Task task) {
  SyntheticOptions scenes;
  scenes.task = task;
  scenes.n_train = 24;
  scenes.n_test = 6;
  scenes.n_classes = 3;
  scenes.n_bands = 3;
  scenes.tile = 16;
  LearnerOptions options;
  options.model.name = task == Task::segmentation ? "unet_resnet18" : "small_cnn";
  options.training.epochs = 1;
  const auto dataset = make_synthetic(scenes);
  Learner learner(dataset, options, 1);
  Pool pool(*dataset);
  pool.label({0, 1, 2, 3, 4, 5, 6, 7});
  learner.train(pool, 0);
  return learner.trained_network();
}

const TrainedNetwork& segmentation() {
  static const TrainedNetwork network = network_of(Task::segmentation);
  return network;
}
const TrainedNetwork& classification() {
  static const TrainedNetwork network = network_of(Task::classification);
  return network;
}

/// 40 x 50 pixels of noise, the top left corner of 5 x 5 without data, at (600000, 5000000).
TestImage noise() {
  TestImage image{3, 40, 50, GDT_UInt16, {}, 600000.0};
  for (int i = 0; i < 3 * 40 * 50; ++i) {
    const bool corner = i % 50 < 5 && i / 50 % 40 < 5;
    image.values.push_back(corner ? 0 : static_cast<std::uint16_t>(500 + 7919 * i % 2000));
  }
  return image;
}

struct Scene {
  ScratchFolder folder;
  SceneRequest request;
  explicit Scene(const TestImage& image = noise()) {
    request.image = folder.file("scene.tif");
    request.output = folder.file("map.tif");
    write_geotiff(request.image, image);
  }
  std::vector<std::uint8_t> map() const {
    const Raster raster(request.output);
    std::vector<std::uint8_t> values(static_cast<std::size_t>(raster.width * raster.height));
    raster.read(values.data());
    return values;
  }
  std::string problem(const TrainedNetwork& network) const {
    try {
      predict_scene(network, "cpu", request);
    } catch (const Error& error) {
      CHECK(folder.n_entries() == 1);  // nothing but the scene
      return error.what();
    }
    return "no problem";
  }
};

}  // namespace

TEST_CASE("a scene of any size becomes a map of its size at its place, without holes") {
  Scene scene;
  const SceneSummary summary = predict_scene(segmentation(), "cpu", scene.request);
  CHECK(summary.height == 40);
  CHECK(summary.width == 50);
  CHECK(summary.n_no_data == 25);
  const Raster map(scene.request.output);
  CHECK(map.place.transform == Raster(scene.request.image).place.transform);
  const auto values = scene.map();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool corner = i % 50 < 5 && i / 50 < 5;
    CHECK((values[i] == 0) == corner);
    CHECK(values[i] <= 3);
  }
}

TEST_CASE("the centres of overlapping windows are what a network sees in those windows") {
  Scene scene;
  predict_scene(segmentation(), "cpu", scene.request);
  const auto map = scene.map();
  // Cells of 8 x 8; that at (16, 24) is decided by the window at (12, 20), of 16 x 16.
  const Raster image(scene.request.image);
  std::vector<float> pixels(3 * 256);
  image.read_float({20, 12, 16, 16}, pixels.data());
  const auto classes = Classifier(segmentation(), "cpu")(pixels, 1, 16, 16);
  int n_other = 0;  // near ties may fall either way in batches of another size
  for (std::size_t y = 0; y < 8; ++y) {
    for (std::size_t x = 0; x < 8; ++x) {
      n_other += map[(16 + y) * 50 + 24 + x] != classes[(4 + y) * 16 + 4 + x] ? 1 : 0;
    }
  }
  CHECK(n_other <= 1);
}

TEST_CASE("a scene as large as a window is seen as a whole") {
  TestImage image = noise();
  image.height = image.width = 16;
  image.values.resize(3 * 256);
  Scene scene(image);
  predict_scene(segmentation(), "cpu", scene.request);
  std::vector<float> pixels(image.values.begin(), image.values.end());
  const auto classes = Classifier(segmentation(), "cpu")(pixels, 1, 16, 16);
  const auto map = scene.map();
  for (std::size_t i = 0; i < 256; ++i) {
    if (map[i] != 0) CHECK(map[i] == classes[i]);
  }
}

TEST_CASE("classification gives a coarse map: a pixel a window, of its size") {
  Scene scene;
  const SceneSummary summary = predict_scene(classification(), "cpu", scene.request);
  CHECK(summary.height == 3);
  CHECK(summary.width == 4);
  const Raster map(scene.request.output);
  CHECK(map.place.transform == std::array<double, 6>{600000, 160, 0, 5000000, 0, -160});
  const Raster image(scene.request.image);
  std::vector<float> pixels(3 * 256);
  image.read_float({16, 16, 16, 16}, pixels.data());
  CHECK(scene.map()[4 + 1] == Classifier(classification(), "cpu")(pixels, 1, 16, 16)[0]);
  image.read_float({34, 24, 16, 16}, pixels.data());  // the last cell: its window moved inwards
  CHECK(scene.map().back() == Classifier(classification(), "cpu")(pixels, 1, 16, 16)[0]);

  scene.request.stride = 8;
  CHECK(predict_scene(classification(), "cpu", scene.request).width == 7);
}

TEST_CASE("cells without any data have no class") {
  TestImage empty = noise();
  std::fill(empty.values.begin(), empty.values.end(), std::uint16_t{0});
  Scene scene(empty);
  const SceneSummary summary = predict_scene(classification(), "cpu", scene.request);
  CHECK(summary.n_no_data == 12);
  CHECK(scene.map() == std::vector<std::uint8_t>(12, 255));
}

TEST_CASE("scenes that do not fit the network are refused before anything is written") {
  TestImage image = noise();
  image.bands = 2;
  CHECK_THAT(Scene(image).problem(segmentation()),
             Contains("2 bands (the network was trained on 3: B1 B2 B3)"));
  image = noise();
  image.type = GDT_Byte;
  CHECK_THAT(Scene(image).problem(segmentation()), Contains("pixels of uint8"));
  image = noise();
  image.height = 15;
  CHECK_THAT(Scene(image).problem(classification()), Contains("smaller than a window of 16"));
  Scene scene;
  scene.request.stride = 17;
  CHECK_THAT(scene.problem(segmentation()), Contains("--stride"));
  scene.request.stride = 0;
  scene.request.output = "/nonexistent/map.tif";
  CHECK_THAT(scene.problem(segmentation()), Contains("/nonexistent"));
}

TEST_CASE("Dynamic World's classes have Dynamic World's colours") {
  const ClassLegend legend = legend_of(segmentation());
  CHECK(legend.no_data == 0);
  CHECK(legend.names[1] == "water");
  CHECK(legend.colors[1] == std::array<std::uint8_t, 3>{0x41, 0x9B, 0xDF});
  CHECK(legend_of(classification()).no_data == 255);
}
