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

}  // namespace

TEST_CASE("stored arrays answer for the rows asked for") {
  ScratchFolder folder;
  const std::string path = folder.file("p.h5");
  Hdf5File file = Hdf5File::create(path);
  file.write("/round/probs", numbers(5 * 2), {5, 2});
  file.write("/round/mc_probs", numbers(3 * 5 * 2), {3, 5, 2});
  file.write("/round/embeddings", numbers(5 * 4), {5, 4});
  file.write("/round/predicted_losses", numbers(5), {5});
  file.write("/round/labeled", std::vector<std::uint8_t>{0, 1, 0, 0, 1}, {5});
  file.write("/round/labels", std::vector<std::int64_t>{7, 8, 9, 7, 8}, {5});
  file.close();

  StoredPredictions stored(path, "round", "badge");
  CHECK(stored.pool_size() == 5);
  CHECK(stored.n_classes() == 2);
  CHECK(stored.n_passes() == 3);
  CHECK(stored.labeled() == Indices{1, 4});
  CHECK(stored.labels({1, 4}) == std::vector<std::int64_t>{8, 8});
  CHECK(stored.embeddings({3, 0})[0][1].item<float>() == 13.0F);
  CHECK(stored.predicted_losses({3, 0}).equal(at::tensor({3.0F, 0.0F})));
  stored.each_probabilities({3, 0}, [](std::int64_t first, const at::Tensor& values) {
    CHECK(first == 0);
    CHECK(values.equal(matrix({{6, 7}, {0, 1}})));
  });
  stored.each_mc_probabilities({4}, 2, [](std::int64_t, const at::Tensor& values) {
    CHECK(values.sizes() == at::IntArrayRef({2, 1, 2}));
    CHECK(values[1][0][0].item<float>() == 18.0F);
  });
  CHECK_THROWS_WITH(stored.each_mc_probabilities({4}, 9, nullptr),
                    path + ": /round/mc_probs: holds 3 passes, query.mc_passes asks for 9");
}

TEST_CASE("large arrays come in several batches, each row once") {
  ScratchFolder folder;
  const std::string path = folder.file("p.h5");
  const Shape shape = {300, 3, 64, 128};  // 7.4 million numbers
  Hdf5File file = Hdf5File::create(path);
  file.create_dataset("probs", ElementType::float32, shape);
  const std::vector<float> row(3 * 64 * 128, 0.0F);
  for (std::int64_t i = 0; i < 300; ++i) {
    std::vector<float> image(row.size(), static_cast<float>(i));
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
      CHECK(values[i][2][63][127].item<float>() ==
            static_cast<float>(wanted[static_cast<std::size_t>(seen)]));
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
  file.create_group("/d");
  file.close();
  StoredPredictions stored(path, "/a", "bald_dropout");
  CHECK_THROWS_WITH(
      stored.each_mc_probabilities({0}, 1, nullptr),
      path + ": /a: bald_dropout needs 'mc_probs', which is not there (it holds: probs)");
  CHECK_THROWS_WITH(
      stored.each_images({0}, nullptr),
      path + ": /a: bald_dropout needs a network, not stored arrays (run a whole trial)");
  CHECK_THROWS_WITH(StoredPredictions(path, "/b", "x"),
                    path + ": /b/embeddings: is of 4 samples, another array of 5");
  CHECK_THROWS_WITH(StoredPredictions(path, "/c", "x"),
                    path + ": /c/probs: has 1 dimensions, not 2 or 4");
  CHECK_THROWS_AS(StoredPredictions(path, "/d", "x"), DataError);
  CHECK_THROWS_WITH(StoredPredictions(path, "/e", "x"), path + ": /e: no such group");
}
