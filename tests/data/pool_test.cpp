#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/pool.hpp>
#include <al_mpi/data/synthetic.hpp>

using namespace al_mpi;

namespace {

std::shared_ptr<const Dataset> small_dataset() {
  SyntheticOptions options;
  options.n_train = 5;
  options.n_test = 2;
  options.n_classes = 3;
  options.tile = 4;
  return make_synthetic(options);
}

}  // namespace

TEST_CASE("a pool starts unlabelled and remembers what was bought, in order") {
  const auto dataset = small_dataset();
  Pool pool(*dataset);
  CHECK(pool.size() == 5);
  CHECK(pool.n_labeled() == 0);
  pool.label({4, 1});
  pool.label({});
  pool.label({0});
  CHECK(pool.labeled() == Indices{4, 1, 0});
  CHECK(pool.unlabeled() == Indices{2, 3});
  CHECK(pool.is_labeled(1));
  CHECK_FALSE(pool.is_labeled(2));
}

TEST_CASE("labels are readable only after they were bought") {
  const auto dataset = small_dataset();
  Pool pool(*dataset);
  CHECK_THROWS_AS(pool.label_of(3), InternalError);
  pool.label({3});
  CHECK(pool.label_of(3) == dataset->train().labels[3]);
  CHECK_THROWS_AS(pool.label_of(5), InternalError);
}

TEST_CASE("impossible picks are bugs") {
  const auto dataset = small_dataset();
  Pool pool(*dataset);
  CHECK_THROWS_AS(pool.label({5}), InternalError);
  CHECK_THROWS_AS(pool.label({-1}), InternalError);
  CHECK_THROWS_AS(pool.label({2, 2}), InternalError);
}

TEST_CASE("label maps are counted in pixels, and in pixels that have a class") {
  SyntheticOptions options;
  options.task = "segmentation";
  options.n_train = 4;
  options.n_test = 2;
  options.n_classes = 3;
  options.tile = 16;
  const auto dataset = make_synthetic(options);
  Pool pool(*dataset);
  CHECK(pool.pixels_labeled().all == 0);
  pool.label({2});
  pool.label({0, 3});
  std::int64_t foreground = 0;
  for (const std::int64_t i : {0, 2, 3}) {
    for (std::int64_t p = 0; p < 256; ++p) {
      foreground += dataset->train().label_map(i)[p] != dataset->ignore_label ? 1 : 0;
    }
  }
  CHECK(pool.pixels_labeled().all == 3 * 256);
  CHECK(pool.pixels_labeled().foreground == foreground);
  CHECK(foreground < 3 * 256);  // the built-in scenes have unlabelled patches
}
