#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/band_statistics.hpp>
#include <al_mpi/data/synthetic.hpp>

using namespace al_mpi;

namespace {

SyntheticOptions small_options() {
  SyntheticOptions options;
  options.n_train = 200;
  options.n_test = 100;
  options.tile = 16;
  return options;
}

/// Share of test scenes whose nearest pool scene (band statistics) is of their class.
double nearest_neighbour_accuracy(const Dataset& dataset) {
  const auto train = band_statistics(dataset, "train"), test = band_statistics(dataset, "test");
  const std::size_t dim = dataset.bands.size() * statistics_a_band;
  int right = 0;
  for (std::size_t i = 0; i < dataset.test().labels.size(); ++i) {
    double best = 1e300;
    std::int64_t label = -1;
    for (std::size_t j = 0; j < dataset.train().labels.size(); ++j) {
      double distance = 0;
      for (std::size_t d = 0; d < dim; ++d)
        distance += std::pow(test[i * dim + d] - train[j * dim + d], 2);
      if (distance < best) {
        best = distance;
        label = dataset.train().labels[j];
      }
    }
    right += label == dataset.test().labels[i];
  }
  return right / double(dataset.test().labels.size());
}

}  // namespace

TEST_CASE("synthetic scenes are a pure function of their options") {
  const auto options = small_options();
  const auto print = make_synthetic(options)->fingerprint();
  CHECK(print == make_synthetic(options)->fingerprint());
  auto other = options;
  other.seed = 2;
  CHECK(print != make_synthetic(other)->fingerprint());
  // A larger pool begins with other labels, but the same scene of the same class has the same
  // pixels.
  CHECK(make_synthetic(options)->train().names[5] == "synthetic/train/5");
}

TEST_CASE("shapes, counts and pixel values are as asked") {
  auto options = small_options();
  options.n_classes = 4;
  options.n_bands = 3;
  options.n_validation = 7;
  const auto dataset = make_synthetic(options);
  CHECK(dataset->classes ==
        std::vector<std::string>{"AnnualCrop", "Forest", "HerbaceousVegetation", "Highway"});
  CHECK(dataset->bands == std::vector<std::string>{"B1", "B2", "B3"});
  CHECK(dataset->splits.at("validation").n == 7);
  const Split& train = dataset->train();
  CHECK(train.channels == 3);
  CHECK(train.width == 16);
  std::map<std::int64_t, int> counts;
  for (const auto label : train.labels) ++counts[label];
  CHECK(counts == std::map<std::int64_t, int>{{0, 50}, {1, 50}, {2, 50}, {3, 50}});
  const auto* pixels = static_cast<const std::uint16_t*>(train.images);
  const auto largest = *std::max_element(pixels, pixels + train.n * 3 * 256);
  CHECK(largest > 1000);
  CHECK(largest < 10000);
}

TEST_CASE("imbalance 1 makes the rarest class a tenth of the commonest") {
  auto options = small_options();
  options.n_train = 1000;
  options.tile = 4;
  options.imbalance = 1.0;
  std::map<std::int64_t, int> counts;
  const auto dataset = make_synthetic(options);
  for (const auto label : dataset->train().labels) ++counts[label];
  const auto [low, high] =
      std::minmax_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
  CHECK(counts.size() == 10);
  CHECK(low->second * 10 == Approx(high->second).epsilon(0.05));
}

TEST_CASE("without noise the classes are told apart, with noise they overlap") {
  auto options = small_options();
  options.noise = 0;
  CHECK(nearest_neighbour_accuracy(*make_synthetic(options)) > 0.95);
  options.noise = 1;
  const double noisy = nearest_neighbour_accuracy(*make_synthetic(options));
  CHECK(noisy > 0.3);
  CHECK(noisy < 0.9);
}

TEST_CASE("synthetic land has regions, borders and unlabelled patches") {
  auto options = small_options();
  options.task = Task::segmentation;
  options.n_classes = 5;
  const auto dataset = make_synthetic(options);
  CHECK(dataset->task == Task::segmentation);
  CHECK(dataset->ignore_label == 0);
  CHECK(dataset->classes.size() == 6);
  CHECK(dataset->classes[5] == "crops");
  const Split& train = dataset->train();
  std::map<int, int> counts;
  int same_as_neighbour = 0;
  const std::int64_t pixels = train.n * 256;
  for (std::int64_t i = 0; i < pixels; ++i) {
    ++counts[train.label_maps[i]];
    same_as_neighbour += i + 1 < pixels && train.label_maps[i] == train.label_maps[i + 1];
  }
  REQUIRE(counts.size() == 6);
  CHECK(counts[0] > pixels / 20);
  CHECK(counts[0] < pixels / 2);
  CHECK(same_as_neighbour > pixels * 7 / 10);
}

TEST_CASE("impossible options are refused by name") {
  const auto problem = [](auto change) {
    auto options = small_options();
    change(options);
    try {
      make_synthetic(options);
    } catch (const ConfigError& error) {
      return error.key();
    }
    return std::string("accepted");
  };
  CHECK(problem([](auto& o) { o.n_classes = 1; }) == "dataset.synthetic.n_classes");
  CHECK(problem([](auto& o) { o.n_classes = 11; }) == "dataset.synthetic.n_classes");
  CHECK(problem([](auto& o) { o.n_bands = 14; }) == "dataset.synthetic.n_bands");
  CHECK(problem([](auto& o) { o.n_train = 9; }) == "dataset.synthetic.n_train");
  CHECK(problem([](auto& o) { o.n_test = 0; }) == "dataset.synthetic.n_test");
  CHECK(problem([](auto& o) { o.tile = -4; }) == "dataset.synthetic.tile");
  CHECK(problem([](auto& o) { o.noise = std::nan(""); }) == "dataset.synthetic.noise");
  CHECK(problem([](auto& o) { o.imbalance = 1.5; }) == "dataset.synthetic.imbalance");
  CHECK(problem([](auto& o) { o.n_train = 1000000, o.tile = 1024; }) == "dataset.synthetic");
}
