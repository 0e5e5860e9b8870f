#include <cmath>
#include <cstring>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/data/band_statistics.hpp>
#include <al_mpi/data/dataset_writer.hpp>

using namespace al_mpi;

namespace {

std::shared_ptr<const Dataset> two_images(const std::string& path) {
  // One band, 1 x 11 pixels: a ramp 0..10, and the constant 4. Test: the ramp again.
  DatasetDescription description;
  description.classes = {"a", "b"};
  description.bands = {"B8"};
  description.pixel_type = PixelType::uint8;
  description.height = 1;
  description.width = 11;
  const auto read = [](std::int64_t i, Sample& sample) {
    for (std::size_t k = 0; k < 11; ++k)
      sample.image[k] = static_cast<std::uint8_t>(i == 0 ? k : 4);
  };
  write_dataset(path, description, {{"train", {2, read}}, {"test", {1, read}}});
  return Dataset::open(path);
}

}  // namespace

TEST_CASE("band statistics are standardised over the pool") {
  const ScratchFolder folder;
  const auto dataset = two_images(folder.file("a.h5"));
  const auto rows = band_statistics(*dataset, "train");
  REQUIRE(rows.size() == 14);
  // Raw rows by hand: mean 5 | 4, std sqrt(10) | 0, p10 1 | 4, p50 5 | 4, p90 9 | 4, across 1 | 0,
  // down 0 | 0. Of two different values the larger becomes +1, the smaller -1; a constant column
  // becomes 0.
  const std::vector<float> expected = {1, 1, -1, 1, 1, 1, 0, -1, -1, 1, -1, -1, -1, 0};
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i] == Approx(expected[i]).margin(1e-6));
  const auto test = band_statistics(*dataset, "test");
  CHECK(std::vector<float>(rows.begin(), rows.begin() + 7) == test);
}

TEST_CASE("band statistics of regions are those of images that hold them alone") {
  const ScratchFolder folder;
  DatasetDescription description;
  description.classes = {"no data", "a"};
  description.ignore_label = 0;
  description.task = Task::segmentation;
  description.bands = {"B4", "B8"};
  description.pixel_type = PixelType::uint16;
  description.height = description.width = 4;
  const auto pixel = [](std::int64_t i, std::int64_t band, std::int64_t y, std::int64_t x) {
    return static_cast<std::uint16_t>((i * 37 + band * 11 + y * y * 5 + x * (7 + i)) % 50);
  };
  const auto put = [](Sample& sample, std::size_t at, std::uint16_t value) {
    std::memcpy(sample.image.data() + at * 2, &value, 2);
  };
  const auto whole = [&](std::int64_t i, Sample& sample) {
    std::fill(sample.label_map.begin(), sample.label_map.end(), std::uint8_t{1});
    for (std::int64_t at = 0; at < 32; ++at)
      put(sample, static_cast<std::size_t>(at), pixel(i, at / 16, at / 4 % 4, at % 4));
  };
  const auto cut = [&](std::int64_t region, Sample& sample) {
    std::fill(sample.label_map.begin(), sample.label_map.end(), std::uint8_t{1});
    const std::int64_t top = region % 4 / 2 * 2, left = region % 2 * 2;
    for (std::int64_t at = 0; at < 8; ++at)
      put(sample, static_cast<std::size_t>(at),
          pixel(region / 4, at / 4, top + at / 2 % 2, left + at % 2));
  };
  write_dataset(folder.file("whole.h5"), description,
                {{"train", {3, whole}}, {"test", {1, whole}}});
  description.height = description.width = 2;
  write_dataset(folder.file("cut.h5"), description, {{"train", {12, cut}}, {"test", {4, cut}}});
  const auto of_regions = band_statistics(*Dataset::open(folder.file("whole.h5")), "train", 2);
  REQUIRE(of_regions.size() == 12 * 14);
  CHECK(of_regions == band_statistics(*Dataset::open(folder.file("cut.h5")), "train"));
}
