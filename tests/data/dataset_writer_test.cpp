#include <cstring>
#include <limits>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/io/hdf5.hpp>

using namespace al_mpi;

namespace {

DatasetDescription description_of_float_pixels() {
  DatasetDescription description;
  description.classes = {"a", "b"};
  description.bands = {"red"};
  description.pixel_type = PixelType::float32;
  description.height = description.width = 1;
  return description;
}

SplitSource floats(std::vector<float> pixels, std::int64_t label = 0) {
  return {static_cast<std::int64_t>(pixels.size()), [=](std::int64_t i, Sample& sample) {
            std::memcpy(sample.image.data(), &pixels[static_cast<std::size_t>(i)], sizeof(float));
            sample.label = label;
            sample.name = fmt::format("pixel_{}", i);
          }};
}

}  // namespace

TEST_CASE("the normalisation is exact where a naive sum of squares is not") {
  // float64 sums of squares of 1e8 + {0, 1, 2} cancel to 0 or worse; the variance is 2/3.
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  write_dataset(path, description_of_float_pixels(),
                {{"train", floats({1e8f, 1e8f + 8, 1e8f + 16})}, {"test", floats({0})}});
  const auto dataset = Dataset::open(path);
  CHECK(dataset->mean[0] == 1e8f + 8);
  CHECK(dataset->std_dev[0] == Approx(8 * std::sqrt(2.0 / 3.0)).epsilon(1e-6));
}

TEST_CASE("a constant band has standard deviation 1, so normalising it is harmless") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  write_dataset(path, description_of_float_pixels(),
                {{"train", floats({5, 5})}, {"test", floats({0})}});
  CHECK(Dataset::open(path)->std_dev[0] == 1.0f);
}

TEST_CASE("a bad sample stops the writing and leaves nothing behind") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  const auto description = description_of_float_pixels();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(
      write_dataset(path, description, {{"train", floats({1, nan})}, {"test", floats({0})}}),
      "pixel_1: a pixel is not finite");
  CHECK_THROWS_WITH(
      write_dataset(path, description, {{"train", floats({1, 2}, 2)}, {"test", floats({0})}}),
      Contains("label 2 is outside 0..1"));
  CHECK_THROWS_AS(write_dataset(folder.file("no/a.h5"), description,
                                {{"train", floats({1})}, {"test", floats({0})}}),
                  DataError);
  CHECK(folder.n_entries() == 0);
}

TEST_CASE("an embedding joins the file with how it was made") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  write_dataset(path, description_of_float_pixels(),
                {{"train", floats({1, 2})}, {"test", floats({0})}});
  const auto print = Dataset::open(path)->fingerprint();
  Embedding embedding{
      "bands", 3, {{"train", {1, 2, 3, 4, 5, 6}}, {"test", {7, 8, 9}}}, {{"method", "by hand"}}};
  write_embedding(path, embedding, false);
  const auto dataset = Dataset::open(path);
  const MatrixView view = dataset->train().embeddings.at("bands");
  CHECK(view.n == 2);
  CHECK(view.dim == 3);
  CHECK(view.data[5] == 6);
  CHECK(dataset->fingerprint() == print);
  CHECK(Hdf5File::open(path).text_attribute("/test/embeddings/bands", "method") == "by hand");

  CHECK_THROWS_WITH(write_embedding(path, embedding, false),
                    Contains("has an embedding 'bands' already"));
  embedding.values["test"] = {0, 0, 0};
  write_embedding(path, embedding, true);
  CHECK(Dataset::open(path)->test().embeddings.at("bands").data[0] == 0);
  embedding.values["test"][1] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(write_embedding(path, embedding, true), Contains("not finite"));
  CHECK(folder.n_entries() == 1);
}
