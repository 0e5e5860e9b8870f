#include <limits>

#include <ATen/ops/tensor.h>

#include "query/fake_predictions.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/query/stored_predictions.hpp>

using namespace al_mpi;

namespace {

std::vector<float> numbers(std::int64_t n) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(i));
  return values;
}

/// Rows of two classes: i / 10 and the rest.
std::vector<float> of_two(std::int64_t n) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < n; ++i) {
    values.push_back(static_cast<float>(i % 10) / 10.0F);
    values.push_back(1.0F - values.back());
  }
  return values;
}

/// What reading all rows of an array `probs` of these numbers says.
template <class T>
std::string complaint(const std::vector<T>& values, const Shape& shape, bool cut_off = false) {
  ScratchFolder folder;
  Hdf5File file = Hdf5File::create(folder.file("p.h5"));
  file.write("/probs", values, shape);
  file.close();
  try {
    StoredPredictions stored(folder.file("p.h5"), "/", "margin_sampling");
    if (cut_off) stored.allow_cut_off();
    stored.each_probabilities(range(0, shape[0]), [](std::int64_t, const at::Tensor&) {});
  } catch (const DataError& error) {
    return error.what();
  }
  return {};
}

/// What a file of these arrays says when it is opened.
std::string opening(const std::vector<std::pair<std::string, Shape>>& arrays) {
  ScratchFolder folder;
  Hdf5File file = Hdf5File::create(folder.file("p.h5"));
  for (const auto& [name, shape] : arrays) {
    file.write("/" + name, std::vector<float>(static_cast<std::size_t>(n_elements(shape))), shape);
  }
  file.close();
  try {
    StoredPredictions(folder.file("p.h5"), "/", "x");
  } catch (const DataError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("numbers that are no probabilities are refused with the row, its sum and the remedy") {
  const std::vector<float> good = {0.25F, 0.75F, 1.0F, 0.0F};
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(complaint(good, {2, 2}).empty());
  CHECK_THAT(complaint<float>({0.25F, 0.75F, 2.5F, -1.25F}, {2, 2}),
             Contains("/probs: row 1 sums to 1.25, not 1") &&
                 Contains("logits, from -1.25 to 2.5") && Contains("apply softmax"));
  CHECK_THAT(complaint<float>({2.0F, -1.0F}, {1, 2}),
             Contains("sums to 1, not 1: these are logits"));
  CHECK_THAT(complaint<float>({25, 75}, {1, 2}), Contains("percent (divide by 100)"));
  CHECK_THAT(complaint<std::uint8_t>({250, 5}, {1, 2}), Contains("bytes (divide by 255)"));
  CHECK_THAT(complaint<float>({0.9F, 0.8F}, {1, 2}), Contains("sigmoid"));
  CHECK_THAT(complaint<float>({-0.105361F, -2.302585F}, {1, 2}), Contains("apply exp"));
  CHECK_THAT(complaint<float>({0.5F, nan}, {1, 2}), Contains("row 0") && Contains("NaN"));
  CHECK_THAT(complaint<float>({0.5F, 0.2F}, {1, 2}), Contains("a class is missing"));
  CHECK(complaint<std::int64_t>({1, 0, 0, 1}, {2, 2}).empty());       // votes
  CHECK(complaint<float>({0.333F, 0.333F, 0.333F}, {1, 3}).empty());  // rounded
}

TEST_CASE("pixels may lack a cut-off class only where that is said") {
  const std::vector<float> map = {0.5F, 0.9F, 0.5F, 0.05F};  // [1, 2, 1, 2]
  CHECK_THAT(complaint(map, {1, 2, 1, 2}),
             Contains("row 0, pixel (0, 1), sums to 0.95") && Contains("cut_off"));
  CHECK(complaint(map, {1, 2, 1, 2}, true).empty());
  CHECK_THAT(complaint<float>({0.5F, 0.5F, 0.9F, 0.1F, 0.2F, 0.8F, 0.4F, 0.6F}, {1, 2, 2, 2}),
             Contains("classes are the last axis"));
}

TEST_CASE("arrays that do not fit together are refused with the way out") {
  CHECK_THAT(opening({{"probs", {6, 3}}, {"labeled", {5}}}),
             Contains("the number of samples differs: 5 by labeled [5]; 6 by probs [6, 3]") &&
                 Contains("a mask of n zeros and ones"));
  CHECK_THAT(opening({{"probs", {6, 3}}, {"mc_probs", {6, 4, 3}}}),
             Contains("mc_probs: the first two axes are exchanged"));
  CHECK_THAT(opening({{"probs", {3, 6}}, {"features", {6, 2}}}),
             Contains("probs: the first two axes are exchanged"));
  CHECK_THAT(opening({{"mc_probs", {20, 4, 3}}}),
             Contains("read as 20 passes over 4 samples") && Contains("labeled"));
  CHECK(opening({{"mc_probs", {20, 4, 3}}, {"labeled", {4}}}).empty());
  CHECK_THAT(opening({{"probs", {6, 1}}}), Contains("is [6, 1]: of 1 class") && Contains("1 - p"));
  CHECK_THAT(opening({{"probs", {6, 3}}, {"mc_probs", {4, 6, 2}}}), Contains("classes"));
  CHECK_THAT(opening({{"head_weight", {3, 5}}, {"features", {6, 4}}}), Contains("not [C, d]"));
  CHECK_THAT(opening({{"probs", {0, 3}}}), Contains("no samples"));
}

TEST_CASE("float64 comes as float64, so that close probabilities keep their order") {
  ScratchFolder folder;
  Hdf5File file = Hdf5File::create(folder.file("p.h5"));
  file.write("/probs", std::vector<double>{0.5 + 1e-10, 0.5 - 1e-10}, {1, 2});
  file.close();
  StoredPredictions stored(folder.file("p.h5"), "/", "margin_sampling");
  stored.each_probabilities({0}, [](std::int64_t, const at::Tensor& p) {
    CHECK(p[0][0].item<double>() - p[0][1].item<double>() == Approx(2e-10).epsilon(1e-5));
  });
}

TEST_CASE("stored arrays answer for the rows asked for") {
  ScratchFolder folder;
  const std::string path = folder.file("p.h5");
  Hdf5File file = Hdf5File::create(path);
  file.write("/round/probs", of_two(5), {5, 2});
  file.write("/round/mc_probs", of_two(3 * 5), {3, 5, 2});
  file.write("/round/embeddings", numbers(5 * 4), {5, 4});
  file.write("/round/predicted_losses", numbers(5), {5});
  file.write("/round/labeled", std::vector<std::uint8_t>{0, 1, 0, 0, 1}, {5});
  file.write("/round/labels", std::vector<std::int64_t>{1, 0, -1, 7, 1}, {5});
  file.close();

  StoredPredictions stored(path, "round", "badge");
  CHECK(stored.pool_size() == 5);
  CHECK(stored.n_classes() == 2);
  CHECK(stored.n_passes() == 3);
  CHECK(stored.marked("labeled") == Indices{1, 4});
  CHECK(stored.labels({1, 4}) == std::vector<std::int64_t>{0, 1});
  CHECK_THROWS_WITH(stored.labels({2}), Contains("sample 2 has no class number from 0 to 1"));
  CHECK_THROWS_WITH(stored.labels({3}), Contains("sample 3"));
  CHECK(stored.embeddings({3, 0})[0][1].item<float>() == 13.0F);
  CHECK(stored.predicted_losses({3, 0}).equal(at::tensor({3.0, 0.0})));
  stored.each_probabilities({3, 0}, [](std::int64_t first, const at::Tensor& values) {
    CHECK(first == 0);
    CHECK(values.equal(matrix({{0.3F, 0.7F}, {0, 1}})));
  });
  stored.each_mc_probabilities({4}, 2, [](std::int64_t, const at::Tensor& values) {
    CHECK(values.sizes() == at::IntArrayRef({2, 1, 2}));
    CHECK(values[1][0][0].item<float>() == 0.9F);
  });
  CHECK(stored.passes_differ());
  CHECK_THROWS_WITH(stored.each_mc_probabilities({4}, 9, nullptr),
                    path + ": /round/mc_probs: holds 3 passes, query.mc_passes asks for 9");
}

TEST_CASE("large arrays come in several batches, each row once") {
  ScratchFolder folder;
  const std::string path = folder.file("p.h5");
  const Shape shape = {300, 3, 64, 128};  // 7.4 million numbers
  Hdf5File file = Hdf5File::create(path);
  file.create_dataset("probs", ElementType::float32, shape);
  const auto share = [](std::int64_t i) { return static_cast<float>(i) / 1000.0F; };
  for (std::int64_t i = 0; i < 300; ++i) {
    std::vector<float> image(3 * 64 * 128, share(i));
    std::fill(image.begin() + 2 * 64 * 128, image.end(), 1.0F - 2 * share(i));
    file.write_slab("probs", {i, 0, 0, 0}, {1, 3, 64, 128}, image.data());
  }
  file.close();
  StoredPredictions stored(path, "/", "margin_sampling");
  Indices wanted;
  for (std::int64_t i = 0; i < 300; i += 7) wanted.push_back(i);
  std::int64_t seen = 0;
  int batches = 0;
  stored.each_probabilities(wanted, [&](std::int64_t first, const at::Tensor& values) {
    CHECK(first == seen);
    for (std::int64_t i = 0; i < values.size(0); ++i, ++seen) {
      CHECK(values[i][1][63][127].item<float>() == share(wanted[static_cast<std::size_t>(seen)]));
    }
    ++batches;
  });
  CHECK(seen == static_cast<std::int64_t>(wanted.size()));
  CHECK(batches > 1);
}

TEST_CASE("what is missing or does not fit is named") {
  ScratchFolder folder;
  const std::string path = folder.file("p.h5");
  Hdf5File file = Hdf5File::create(path);
  file.write("/a/probs", numbers(10), {5, 2});
  file.write("/b/probs", numbers(10), {5, 2});
  file.write("/b/embeddings", numbers(8), {4, 2});
  file.write("/c/probs", numbers(10), {10});
  file.write("/d/x/y", numbers(1), {1});
  file.close();
  StoredPredictions stored(path, "/a", "bald_dropout");
  CHECK_THROWS_WITH(
      stored.each_mc_probabilities({0}, 1, nullptr),
      path + ": /a: bald_dropout needs 'mc_probs', which is not there (it holds: probs)");
  CHECK_THROWS_WITH(
      stored.each_images({0}, nullptr),
      path + ": /a: bald_dropout needs a network, not stored arrays (run a whole trial)");
  CHECK_THROWS_WITH(
      StoredPredictions(path, "/b", "x"),
      path + ": /b: the number of samples differs: 4 by embeddings [4, 2]; 5 by probs [5, 2]");
  CHECK_THROWS_WITH(StoredPredictions(path, "/c", "x"),
                    path + ": /c/probs: is [10], not [n, C] or [n, C, H, W]");
  CHECK_THROWS_AS(StoredPredictions(path, "/d", "x"), DataError);
  CHECK_THROWS_WITH(StoredPredictions(path, "/e", "x"), path + ": /e: no such group");
}
