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
