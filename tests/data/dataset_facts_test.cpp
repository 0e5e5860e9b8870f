#include <algorithm>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset_facts.hpp>
#include <al_mpi/data/dataset_writer.hpp>

using namespace al_mpi;

namespace {

/// Images of 2 bands of 1 x 2 pixels: [value, value, value + 1, 0].
SplitSource images(std::vector<std::uint8_t> values, std::vector<std::int64_t> labels) {
  return {static_cast<std::int64_t>(values.size()), [=](std::int64_t i, Sample& sample) {
            const auto at = static_cast<std::size_t>(i);
            sample.image = {values[at], values[at], static_cast<std::uint8_t>(values[at] + 1), 0};
            sample.label = labels[at];
            sample.name = fmt::format("image {}", i);
          }};
}

DatasetDescription description_of_three_classes() {
  DatasetDescription description;
  description.classes = {"a", "b", "c"};
  description.bands = {"red", "nir"};
  description.pixel_type = PixelType::uint8;
  description.height = 1;
  description.width = 2;
  return description;
}

}  // namespace

TEST_CASE("ranges, counts and equal images are facts of a dataset") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  write_dataset(path, description_of_three_classes(),
                {{"train", images({5, 9, 5}, {0, 0, 1})}, {"test", images({9, 7}, {0, 1})}});
  const auto dataset = Dataset::open(path);
  const DatasetFacts facts = facts_of(*dataset);
  CHECK(facts.splits.at("train").lowest == std::vector<double>{5, 0});
  CHECK(facts.splits.at("train").highest == std::vector<double>{9, 10});
  CHECK(facts.splits.at("train").class_counts == std::vector<std::int64_t>{2, 1, 0});
  CHECK(facts.equal_to_pool.at("test") == 1);
  CHECK(facts.equal_in_pool == 1);
  CHECK(facts.equal_names == std::vector<std::string>{"image 0 = image 1"});
  const auto all = cautions(*dataset, facts);
  CHECK(all.size() == 4);
  CHECK_THAT(all[0], Contains("1 of the 2 images in /test are in the pool, too"));
  CHECK_THAT(all[2], Contains("1 of the 3 classes has nothing in the pool: c (0 in the test set)"));
  CHECK_THAT(all[3], Contains("1 of the 3 classes has nothing in the test set: c (means over"));
}

TEST_CASE("classes that the test set has nothing of are named, an ignored one is not") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  write_dataset(path, description_of_three_classes(),
                {{"train", images({5, 9}, {0, 1})}, {"test", images({9, 7}, {0, 1})}});
  const auto dataset = Dataset::open(path);
  CHECK(class_counts(dataset->test(), 3) == std::vector<std::int64_t>{1, 1, 0});
  CHECK(absent_from_test(*dataset, {1, 1, 1}).empty());
  CHECK(absent_from_test(*dataset, {0, 1, 0}) ==
        "2 of the 3 classes have nothing in the test set: a, c (means over classes leave them "
        "out)");
}

TEST_CASE("a class that the test set asks for and the pool lacks is refused on request") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  auto description = description_of_three_classes();
  const std::map<std::string, SplitSource> splits = {{"train", images({5, 9}, {0, 1})},
                                                     {"test", images({7}, {2})}};
  write_dataset(path, description, splits);
  description.learnable = true;
  CHECK_THROWS_WITH(write_dataset(path, description, splits),
                    Contains("the pool has nothing of c (1 in the test set)"));
}

TEST_CASE("missing values count in no statistics, bands that lack them all get the mean") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  const SplitSource gaps = {2, [](std::int64_t i, Sample& sample) {
                              sample.image = i == 0 ? std::vector<std::uint8_t>{10, 20, 30, 40}
                                                    : std::vector<std::uint8_t>{14, 99, 0, 0};
                              sample.label = i;
                              if (i == 1) sample.missing = {0, 1, 1, 1};
                            }};
  auto description = description_of_three_classes();
  description.scale = {0.5, 1};
  description.offset = {0, -1};
  description.sensor = "sentinel-2";
  description.pixel_size = 10;
  write_dataset(path, description, {{"train", gaps}, {"test", images({7}, {0})}});
  const auto dataset = Dataset::open(path);
  CHECK(dataset->mean[0] == Approx((10 + 20 + 14) / 3.0));
  CHECK(dataset->mean[1] == 35);
  CHECK(dataset->train().n_missing == 3);
  CHECK(static_cast<const std::uint8_t*>(dataset->train().image(1))[3] == 35);
  CHECK(dataset->scale == std::vector<double>{0.5, 1});
  CHECK(dataset->offset == std::vector<double>{0, -1});
  CHECK(dataset->sensor == "sentinel-2");
  CHECK(dataset->pixel_size == 10);
}
