#include <al_mpi/data/thumbnails.hpp>

#include "catch.hpp"
#include <al_mpi/data/synthetic.hpp>

using namespace al_mpi;

TEST_CASE("a large picture is reduced to means of squares") {
  Picture picture{3, 4, {}};
  for (int i = 0; i < 12; ++i) {  // red counts the pixels, green is 10, blue 0 or 255 by turns
    for (const int level : {i, 10, i % 2 == 0 ? 0 : 255}) {
      picture.rgb.push_back(static_cast<std::uint8_t>(level));
    }
  }
  const Picture half = reduced(picture, 2);
  CHECK(half.height == 2);
  CHECK(half.width == 2);
  // (0 + 1 + 4 + 5) / 4 = 2.5, (2 + 3 + 6 + 7) / 4 = 4.5; the last row alone: 8.5, 10.5
  CHECK(half.rgb == std::vector<std::uint8_t>{3, 10, 128, 5, 10, 128, 9, 10, 128, 11, 10, 128});
  CHECK(reduced(picture, 4).rgb == picture.rgb);
  CHECK(reduced(picture, 1).rgb == std::vector<std::uint8_t>{6, 10, 128});
}

TEST_CASE("a small picture is enlarged a whole number of times, smoothly") {
  const Picture picture{1, 2, {0, 7, 0, 100, 7, 0}};
  const Picture large = enlarged(picture, 4);
  CHECK(large.height == 4);
  CHECK(large.width == 8);
  std::vector<int> row;
  for (std::size_t x = 0; x < 8; ++x) row.push_back(large.rgb[3 * x]);
  CHECK(row == std::vector<int>{0, 0, 13, 38, 63, 88, 100, 100});
  CHECK(large.rgb[1] == 7);
  CHECK(enlarged(picture, 1).rgb == picture.rgb);
}

TEST_CASE("tiles are shown in true colour, stretched over the pool") {
  SyntheticOptions options;
  options.n_train = 40;
  options.n_test = 4;
  options.tile = 8;
  const auto scenes = make_synthetic(options);
  const Thumbnails thumbnails(*scenes);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(scenes->bands[thumbnails.bands()[k]] == std::vector<std::string>{"B4", "B3", "B2"}[k]);
  }
  int n_dark = 0, n_bright = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    const Picture tile = thumbnails.of(scenes->train(), i);
    REQUIRE(tile.rgb.size() == 8 * 8 * 3);
    for (const std::uint8_t level : tile.rgb) {
      n_dark += level == 0 ? 1 : 0;
      n_bright += level == 255 ? 1 : 0;
    }
  }
  // 2 % of each band's values lie below the stretch, and 2 % above.
  const double share = 1.0 / (40 * 8 * 8 * 3);
  CHECK(n_dark * share == Approx(0.02).margin(0.01));
  CHECK(n_bright * share == Approx(0.02).margin(0.01));
  CHECK(thumbnails.of(scenes->test(), 3).rgb != thumbnails.of(scenes->train(), 3).rgb);
}
