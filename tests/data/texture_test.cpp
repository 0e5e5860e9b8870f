#include <algorithm>
#include <cmath>
#include <cstring>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/texture.hpp>

using namespace al_mpi;

namespace {

using Image = std::vector<float>;  // [C, H, W]

std::shared_ptr<const Dataset> dataset_of(const std::string& path, std::int64_t height,
                                          std::int64_t width, std::vector<std::string> bands,
                                          std::vector<Image> pool, std::vector<Image> test) {
  DatasetDescription description;
  description.classes = {"a", "b"};
  description.bands = std::move(bands);
  description.pixel_type = PixelType::float32;
  description.height = height;
  description.width = width;
  const auto source = [](const std::vector<Image>& images) {
    return SplitSource{
        static_cast<std::int64_t>(images.size()), [images](std::int64_t i, Sample& sample) {
          std::memcpy(sample.image.data(), images[static_cast<std::size_t>(i)].data(),
                      sample.image.size());
        }};
  };
  write_dataset(path, description, {{"train", source(pool)}, {"test", source(test)}});
  return Dataset::open(path);
}

Image stripes(bool upright) {
  Image image(16 * 16);
  for (std::size_t y = 0; y < 16; ++y) {
    for (std::size_t x = 0; x < 16; ++x) image[16 * y + x] = ((upright ? x : y) / 2) % 2 ? 3 : 1;
  }
  return image;
}

Image spots() {
  Image image(16 * 16);
  for (std::size_t y = 0; y < 16; ++y) {
    for (std::size_t x = 0; x < 16; ++x) image[16 * y + x] = (x / 2 + y / 2) % 2 ? 3 : 1;
  }
  return image;
}

float column(const std::vector<float>& rows, std::size_t dim, std::size_t i, std::size_t d) {
  return rows[i * dim + d];
}

}  // namespace

TEST_CASE("texture: stripes are coherent whichever way they run, spots are not") {
  const ScratchFolder folder;
  const auto dataset = dataset_of(folder.file("a.h5"), 16, 16, {"B8"},
                                  {stripes(true), stripes(false), spots()}, {stripes(true)});
  const auto dim = static_cast<std::size_t>(texture_dim(*dataset));
  const auto all = texture(*dataset);
  const auto& pool = all.at("train");
  REQUIRE(dim == 7 + 8 + 16 + 30);  // one band has no pair
  REQUIRE(pool.size() == 3 * dim);
  // Mean, deviation and percentiles of the three are the same, so they say nothing.
  for (std::size_t d = 0; d < 7; ++d) CHECK(column(pool, dim, 0, d) == Approx(0).margin(1e-5));
  // Coherence at the finest scale: 1, 1 and 0, standardised over the three.
  const float high = column(pool, dim, 0, 15);
  CHECK(high == Approx(1 / std::sqrt(2.0)).margin(0.02));
  CHECK(column(pool, dim, 1, 15) == Approx(high).margin(0.02));
  CHECK(column(pool, dim, 2, 15) == Approx(-std::sqrt(2.0)).margin(0.02));
  CHECK(std::vector<float>(pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(dim)) ==
        all.at("test"));
}

TEST_CASE("texture: the first columns are a band's moments, by hand") {
  const ScratchFolder folder;
  // 1 x 4 pixels: {0, 0, 0, 4} has mean 1, deviation sqrt(3), skewness 2/sqrt(3), kurtosis 7/3,
  // percentiles 0, 0 (nearest rank 2 of 0..3), 4; {2, 2, 2, 2} has 2, 0, 0, 0, 2, 2, 2.
  const auto dataset =
      dataset_of(folder.file("a.h5"), 1, 4, {"B8"}, {{0, 0, 0, 4}, {2, 2, 2, 2}}, {{0, 0, 0, 4}});
  const auto row = texture(*dataset).at("test");
  // Of two values the larger becomes +1, the smaller -1.
  const std::vector<float> expected = {-1, 1, 1, 1, -1, -1, 1};
  for (std::size_t d = 0; d < expected.size(); ++d)
    CHECK(row[d] == Approx(expected[d]).margin(1e-5));
}

TEST_CASE("texture: pairs are those of the indices whose bands are there") {
  const ScratchFolder folder;
  const Image three(3 * 64, 1.0f), four(4 * 64, 1.0f);
  const auto dim = [&](std::vector<std::string> bands, const Image& image) {
    return texture_dim(
        *dataset_of(folder.file("a.h5"), 8, 8, std::move(bands), {image, image}, {image}));
  };
  CHECK(dim({"red", "green", "blue"}, three) == 15 * 3 + 46 + 7 * 3);
  CHECK(dim({"B2", "B3", "B4", "B8"}, four) == 15 * 4 + 46 + 7 * 5);  // and NDVI, NDWI
  CHECK(dim({"one", "two", "three"}, three) == 15 * 3 + 46 + 7 * 2);  // each with the next
}

TEST_CASE("texture: an image that is one value, or a single pixel, has finite numbers") {
  const ScratchFolder folder;
  const auto finite = [](const std::vector<float>& rows) {
    return std::all_of(rows.begin(), rows.end(), [](float x) { return std::isfinite(x); });
  };
  CHECK(finite(texture(*dataset_of(folder.file("a.h5"), 1, 1, {"red", "green"}, {{0, 0}, {1, -1}},
                                   {{5, -5}}))
                   .at("test")));
  CHECK(finite(texture(*dataset_of(folder.file("b.h5"), 16, 16, {"B8"},
                                   {Image(256, 0.0f), Image(256, 1e9f)}, {Image(256, -3.0f)}))
                   .at("test")));
}
