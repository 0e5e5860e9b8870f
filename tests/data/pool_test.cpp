#include <algorithm>
#include <cmath>
#include <set>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/pool.hpp>
#include <al_mpi/data/synthetic.hpp>

using namespace al_mpi;

namespace {

std::shared_ptr<const Dataset> small_dataset(std::int64_t n_train = 5) {
  SyntheticOptions options;
  options.n_train = n_train;
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

TEST_CASE("a pool knows what its labels have cost, with those held out") {
  const auto dataset = small_dataset();
  Pool equal(*dataset);
  equal.label({4, 1});
  equal.hold_out({0});
  CHECK(equal.cost() == 3);
  CHECK(equal.cost_of({2, 3}) == 2);

  Dataset& priced = const_cast<Dataset&>(*dataset);
  priced.splits.at("train").costs = {0.5, 2, 4, 8, 16};
  Pool pool(priced);
  CHECK(pool.cost() == 0);
  CHECK(pool.cost_of({}) == 0);
  CHECK(pool.cost_of({1, 2}) == 6);
  pool.label({4, 1});
  CHECK(pool.cost() == 18);
  pool.hold_out({0});
  CHECK(pool.cost() == 18.5);
  Pool copies(*with_duplicates(dataset, 2));
  copies.label({2, 7});  // a sample and its copy
  CHECK(copies.cost() == 8);
}

TEST_CASE("label maps are counted in pixels, and in pixels that have a class") {
  SyntheticOptions options;
  options.task = Task::segmentation;
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
  std::set<std::int64_t> classes(dataset->train().label_map(3),
                                 dataset->train().label_map(3) + 256);
  classes.erase(dataset->ignore_label);
  const std::vector<std::int64_t> told = pool.oracle_classes(3);
  CHECK(std::set<std::int64_t>(told.begin(), told.end()) == classes);
  CHECK(told.size() == classes.size());
  CHECK(foreground < 3 * 256);  // the built-in scenes have unlabelled patches
}

TEST_CASE("what is held out is bought, readable and not for training") {
  const auto dataset = small_dataset();
  Pool pool(*dataset);
  pool.hold_out({2});
  pool.label({4});
  CHECK(pool.labeled() == Indices{4});
  CHECK(pool.held_out() == Indices{2});
  CHECK(pool.n_labeled() == 1);
  CHECK(pool.n_bought() == 2);
  CHECK(pool.unlabeled() == Indices{0, 1, 3});
  CHECK(pool.label_of(2) == dataset->train().labels[2]);
  CHECK_THROWS_AS(pool.label({2}), InternalError);
}

TEST_CASE(
    "a noisy oracle is wrong as often as asked, alike over the other classes, and the same each "
    "time") {
  const auto dataset = small_dataset(4000);
  const Pool pool(*dataset, {0.3, 1}, 7), again(*dataset, {0.3, 1}, 7),
      other(*dataset, {0.3, 1}, 8);
  int wrong = 0, next_class = 0, differs = 0;
  for (std::int64_t i = 0; i < 4000; ++i) {
    const std::int64_t truth = dataset->train().labels[static_cast<std::size_t>(i)];
    const std::int64_t told = pool.oracle_label(i);
    CHECK(told == again.oracle_label(i));
    wrong += told != truth ? 1 : 0;
    next_class += told == (truth + 1) % 3 ? 1 : 0;
    differs += told != other.oracle_label(i) ? 1 : 0;
  }
  CHECK(wrong / 4000.0 == Approx(0.3).margin(0.025));  // 3.5 standard errors
  CHECK(next_class / static_cast<double>(wrong) == Approx(0.5).margin(0.05));
  CHECK(differs > 1000);
}

TEST_CASE("a duplicated pool repeats its samples in turn and shares their pixels") {
  const auto dataset = small_dataset();
  const auto tripled = with_duplicates(dataset, 3);
  const Split& pool = tripled->train();
  REQUIRE(pool.n == 15);
  CHECK(tripled->test().n == 2);
  CHECK(dataset->train().n == 5);
  for (std::int64_t i = 0; i < 15; ++i) {
    CHECK(pool.image(i) == dataset->train().image(i % 5));
    CHECK(pool.labels[static_cast<std::size_t>(i)] ==
          dataset->train().labels[static_cast<std::size_t>(i % 5)]);
  }
  for (const auto& [name, view] : pool.embeddings) CHECK(view.n == 15);
  CHECK(Pool(*tripled).size() == 15);
  CHECK(with_duplicates(dataset, 1) == dataset);
}

TEST_CASE("oracle.imbalance thins the classes out, each seed in an order of its own") {
  const auto dataset = small_dataset(400);
  const auto sizes = [&](const Indices& indices) {
    std::vector<double> n(3);
    for (const std::int64_t i : indices) {
      n[static_cast<std::size_t>(dataset->train().labels[static_cast<std::size_t>(i)])] += 1;
    }
    return n;
  };
  const std::vector<double> whole = sizes(Pool(*dataset).unlabeled());
  OracleOptions oracle;
  oracle.imbalance = 1;
  std::set<std::vector<double>> orders;
  for (const std::int64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    Pool pool(*dataset, oracle, seed);
    const Indices offered = pool.unlabeled();
    CHECK(pool.n_offered() == static_cast<std::int64_t>(offered.size()));
    CHECK(offered == Pool(*dataset, oracle, seed).unlabeled());
    std::vector<double> shares = sizes(offered);
    for (std::size_t c = 0; c < 3; ++c) shares[c] /= whole[c];
    orders.insert(shares);
    std::sort(shares.begin(), shares.end());
    CHECK(shares[0] == Approx(0.1).margin(0.01));
    CHECK(shares[1] == Approx(std::sqrt(0.1)).margin(0.01));
    CHECK(shares[2] == 1);
    // What was left out is never bought, nor read.
    std::int64_t left_out = 0;
    while (std::binary_search(offered.begin(), offered.end(), left_out)) ++left_out;
    CHECK_THROWS_AS(pool.label({left_out}), InternalError);
    CHECK_THROWS_AS(pool.label_of(left_out), InternalError);
    pool.label(offered);
    CHECK(pool.unlabeled().empty());
  }
  CHECK(orders.size() > 1);
}

namespace {

std::shared_ptr<const Dataset> small_maps() {
  SyntheticOptions options;
  options.task = Task::segmentation;
  options.n_train = 3;
  options.n_test = 2;
  options.n_classes = 3;
  options.tile = 8;
  return make_synthetic(options);
}

}  // namespace

TEST_CASE("regions are bought one by one, and only their labels are shown") {
  const auto dataset = small_maps();
  Pool pool(*dataset, {}, 0, 4);
  CHECK(pool.size() == 3 * 4);
  pool.label({9, 0});
  pool.label({11});
  pool.hold_out({4, 5, 6, 7});
  CHECK(pool.labeled() == Indices{9, 0, 11});
  CHECK(pool.labeled_images() == Indices{2, 0});
  CHECK(pool.held_out_images() == Indices{1});
  CHECK(pool.n_bought() == 7);
  CHECK(pool.unlabeled() == Indices{1, 2, 3, 8, 10});
  CHECK_THROWS_AS(pool.label({11}), InternalError);
  CHECK(pool.pixels_labeled().all == 7 * 16);
  CHECK(pool.cost() == 7 + 3);  // three images were opened
  CHECK(pool.cost_of({1}) == 1);

  std::vector<std::uint8_t> shown(64);
  pool.copy_label_map(2, shown.data());
  const std::uint8_t* truth = dataset->train().label_map(2);
  std::int64_t n_foreground = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    const bool bought = i % 8 >= 4;  // the two regions on the right: 9 and 11
    CHECK(shown[i] == (bought ? truth[i] : dataset->ignore_label));
    n_foreground += bought && truth[i] != dataset->ignore_label ? 1 : 0;
  }
  const auto classes_of = [&](std::int64_t image, std::int64_t first, std::int64_t last) {
    std::set<std::int64_t> classes;
    const std::uint8_t* map = dataset->train().label_map(image);
    for (std::int64_t i = 0; i < 64; ++i) {
      if (i / 32 == 0 && i % 8 >= first && i % 8 < last) classes.insert(map[i]);
    }
    classes.erase(dataset->ignore_label);
    return std::vector<std::int64_t>(classes.begin(), classes.end());
  };
  CHECK(pool.oracle_classes(8) == classes_of(2, 0, 4));
  CHECK(pool.oracle_classes(9) == classes_of(2, 4, 8));

  Pool right(*dataset, {}, 0, 4);
  CHECK(right.cost_of({9, 11, 0}) == 5);
  right.label({9, 11});
  CHECK(right.pixels_labeled().foreground == n_foreground);
}

TEST_CASE("what was not bought has a label of its own where no label is ignored") {
  const auto given = small_maps();
  struct Copy : Dataset {
    explicit Copy(const Dataset& other) : Dataset(other) {}
  } dataset(*given);
  dataset.ignore_label = -1;
  CHECK(Pool(dataset).ignored_label() == -1);
  Pool pool(dataset, {}, 0, 4);
  pool.label({0});
  CHECK(pool.ignored_label() == 255);
  CHECK(pool.pixels_labeled().foreground == 16);
  dataset.classes.resize(256, "class");
  CHECK_THROWS_WITH(Pool(dataset, {}, 0, 4), Contains("query.region: 256 classes"));
  CHECK_NOTHROW(Pool(dataset));
}

TEST_CASE("regions of classified images are refused") {
  const auto dataset = small_dataset();
  CHECK_THROWS_WITH(Pool(*dataset, {}, 0, 2), "query.region: is for segmentation");
}
