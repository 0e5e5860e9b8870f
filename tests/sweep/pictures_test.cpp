#include "src/sweep/pictures.hpp"

#include "catch.hpp"
#include <al_mpi/sweep/sweep.hpp>

using namespace al_mpi;

namespace {

std::shared_ptr<const Dataset> scenes(std::int64_t n_train = 30) {
  SyntheticOptions options;
  options.n_train = n_train;
  options.n_test = 4;
  options.n_classes = 3;
  options.tile = 8;
  return make_synthetic(options);
}

SweepConfig config_with(std::int64_t thumbnails) {
  SweepConfig config;
  config.results.thumbnails = thumbnails;
  return config;
}

ShownTrial trial(const std::vector<std::vector<std::int64_t>>& picks) {
  ShownTrial shown;
  shown.spec.strategy = "margin_sampling";
  shown.spec.init = "random";
  for (const auto& round : picks) {
    shown.picks.emplace_back();
    for (const std::int64_t index : round) shown.picks.back().push_back({index, 0, 0.0});
  }
  return shown;
}

std::vector<std::string> names_of(const ResultsTables& tables) {
  std::vector<std::string> names;
  for (const auto& [name, png] : tables.pictures) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("the first picks of the first and of the last query get a picture each") {
  Pictures pictures(scenes(), config_with(2));
  ResultsTables tables;
  pictures.add({trial({{0, 1}, {7, 3, 5}, {9}, {8, 7}}), trial({{0, 1}, {3, 20, 21}})}, tables);
  CHECK(names_of(tables) == std::vector<std::string>{"pool-20", "pool-3", "pool-7", "pool-8"});
  const std::string& png = tables.pictures.at("pool-20");
  CHECK(png.substr(1, 3) == "PNG");
  CHECK(png[19] == 8);  // width
  CHECK(png[23] == 8);  // height
  ResultsTables again;
  pictures.add({trial({{0, 1}, {7, 3, 5}, {9}, {8, 7}}), trial({{0, 1}, {3, 20, 21}})}, again);
  CHECK(again.pictures == tables.pictures);
}

TEST_CASE("before the first query it is the initial set that is shown") {
  Pictures pictures(scenes(), config_with(1));
  ResultsTables tables;
  pictures.add({trial({{4, 5}})}, tables);
  CHECK(names_of(tables) == std::vector<std::string>{"pool-4"});
  Pictures none(scenes(), config_with(0));
  ResultsTables bare;
  none.add({trial({{4, 5}})}, bare);
  CHECK(bare.pictures.empty());
  CHECK(bare.map.index.size() == 30);
}

TEST_CASE("the map holds the pool and has what was picked, copies of a sample too") {
  Pictures pictures(scenes(), config_with(1));
  ResultsTables tables;
  pictures.add({trial({{4, 34}, {64}})}, tables);  // three copies of sample 4
  const ResultsTables::Map& map = tables.map;
  CHECK(map.n_even == 30);
  REQUIRE(map.index.size() == 32);
  CHECK(map.index[4] == 4);
  CHECK(map.index[30] == 34);
  CHECK(map.index[31] == 64);
  CHECK(map.x[31] == map.x[4]);
  CHECK(map.label[31] == scenes()->train().labels[4]);
  CHECK(tables.pictures.at("pool-64").size() > 100);
  CHECK_THAT(map.embeddings, Contains("mean and deviation of each band"));
  CHECK(map.shares[0] >= map.shares[1]);
  CHECK(map.shares[0] + map.shares[1] <= 1.0 + 1e-9);
}

TEST_CASE("of regions each has a picture of its own pixels, and lies where its image does") {
  SyntheticOptions options;
  options.task = Task::segmentation;
  options.n_train = 10;
  options.n_test = 4;
  options.tile = 8;
  SweepConfig config = config_with(1), whole = config;
  config.query.region = 4;
  Pictures regions(make_synthetic(options), config), images(make_synthetic(options), whole);
  ResultsTables of_regions, of_images;
  regions.add({trial({{3}, {38}})}, of_regions);  // region 2 of image 9
  images.add({trial({{3}, {9}})}, of_images);
  const std::string& png = of_regions.pictures.at("pool-38");
  CHECK(png[19] == 4);
  CHECK(png[23] == 4);
  CHECK(of_regions.map.n_even == 40);
  REQUIRE(of_regions.map.index.size() == 40);
  CHECK(of_regions.map.x[38] == of_regions.map.x[36]);
  CHECK(of_regions.map.x[38] == Approx(of_images.map.x[9]).epsilon(1e-6));
}

TEST_CASE("a trial whose own settings say what a sample is has no pictures") {
  Pictures pictures(scenes(), config_with(1));
  ShownTrial other = trial({{0}, {20}});
  other.spec.settings["query.region"] = "4";
  ResultsTables tables;
  pictures.add({other, trial({{0}, {21}})}, tables);
  CHECK(names_of(tables) == std::vector<std::string>{"pool-21"});
}

TEST_CASE("of a large pool the map holds samples that are spread evenly, and all picks") {
  Pictures pictures(scenes(4100), config_with(0));
  ResultsTables tables;
  pictures.add({trial({{4, 4099}})}, tables);
  const ResultsTables::Map& map = tables.map;
  REQUIRE(map.n_even == 2000);
  CHECK(map.index[0] == 0);
  CHECK(map.index[1999] == 1999 * 4100 / 2000);
  CHECK(map.index.back() == 4099);
  CHECK(map.index.size() == 2001);  // 4 is among the even ones
}

TEST_CASE("what the pictures will take is told beforehand") {
  Sweep sweep;
  sweep.config = config_with(5);
  sweep.config.loop.n_query = 4;
  sweep.config.loop.n_init = 3;
  sweep.dataset = scenes(500);
  for (const char* strategy : {"random_sampling", "badge"}) {
    for (const std::int64_t seed : {1, 2}) sweep.grid.push_back({0, strategy, "random", seed, {}});
  }
  CHECK_THAT(thumbnails_line(sweep), Contains("at most 16 pictures of 8 x 8 pixels"));
  sweep.dataset = scenes(10);
  CHECK_THAT(thumbnails_line(sweep), Contains("at most 10 pictures"));
}
