#include <algorithm>
#include <numeric>

#include "catch.hpp"
#include "src/model/pretraining/augment.hpp"

using namespace al_mpi;

namespace {

constexpr Augmenter::Shape square{4, 4, 2};

std::vector<float> numbered(const Augmenter::Shape& shape) {
  std::vector<float> image(static_cast<std::size_t>(shape.height * shape.width * shape.channels));
  std::iota(image.begin(), image.end(), 0.0f);
  return image;
}

std::vector<float> applied(const Augmenter& augmenter, const View& view,
                           const std::vector<float>& image) {
  std::vector<float> out(image.size());
  augmenter.apply(view, image.data(), out.data());
  return out;
}

}  // namespace

TEST_CASE("the identity view is the tile itself") {
  const Augmenter augmenter(square, {1, 1}, {});
  CHECK(applied(augmenter, augmenter.identity(), numbered(square)) == numbered(square));
}

TEST_CASE("a turned and mirrored view by hand") {
  const Augmenter::Shape shape{2, 2, 1};
  const Augmenter augmenter(shape, {1}, {});
  View view = augmenter.identity();
  view.transposed = true;
  CHECK(applied(augmenter, view, {1, 2, 3, 4}) == std::vector<float>{1, 3, 2, 4});
  std::reverse(view.rows.first.begin(), view.rows.first.end());
  std::reverse(view.rows.second.begin(), view.rows.second.end());
  CHECK(applied(augmenter, view, {1, 2, 3, 4}) == std::vector<float>{3, 1, 4, 2});  // quarter turn
}

TEST_CASE("half of a row in between two pixels is their mean") {
  const Augmenter::Shape shape{1, 2, 1};
  const Augmenter augmenter(shape, {1}, {});
  View view = augmenter.identity();
  view.columns = {{0, 0}, {1, 1}, {0.25f, 0.5f}};
  CHECK(applied(augmenter, view, {4, 8}) == std::vector<float>{5, 6});
}

TEST_CASE("all eight symmetries are as likely") {
  const Augmenter augmenter(square, {1, 1}, {});
  RngStream rng(1, "test");
  std::vector<int> seen(8, 0);
  for (int i = 0; i < 800; ++i) {
    const View view = augmenter.draw(rng);
    const bool upside_down = view.rows.first.front() > view.rows.first.back();
    const bool mirrored = view.columns.first.front() > view.columns.first.back();
    ++seen[4 * view.transposed + 2 * upside_down + mirrored];
  }
  for (const int n : seen) CHECK(n == Approx(100).margin(40));
}

TEST_CASE("gains act on digital numbers, missing bands are their mean") {
  const Augmenter augmenter({1, 1, 2}, {3, 5}, {});
  View view = augmenter.identity();
  view.scale = {1.5f, 0};
  view.offset = {0.5f * 3, 0};
  // Band 0: mean 3, std 1, so digital number 3 + 2 = 5; times 1.5 is 7.5, normalised 4.5.
  CHECK(applied(augmenter, view, {2, 7}) == std::vector<float>{4.5f, 0});
}

TEST_CASE("drawn views keep to their options") {
  AugmentOptions options;
  options.band_dropout = 0.25;
  const Augmenter augmenter({16, 16, 4}, {3, 3, 3, 3}, options);
  RngStream rng(2, "test");
  int missing = 0, blurred = 0, transposed = 0;
  constexpr int n = 500;
  for (int i = 0; i < n; ++i) {
    const View view = augmenter.draw(rng);
    blurred += view.blur;
    transposed += view.transposed;
    for (std::size_t c = 0; c < 4; ++c) {
      missing += view.scale[c] == 0;
      if (view.scale[c] == 0) continue;
      CHECK(view.offset[c] == Approx((view.scale[c] - 1) * 3).margin(1e-6));
    }
    const auto [low, high] = std::minmax_element(view.rows.first.begin(), view.rows.first.end());
    CHECK(*low >= 0);
    CHECK(*high <= 15);
    // The smallest crop has 0.3 of the area at an aspect of at most 4/3: 7.6 of 16 rows.
    CHECK(*high - *low >= 6);
  }
  CHECK(missing == Approx(n * 4 * 0.25).margin(80));
  CHECK(blurred == Approx(n * 0.5).margin(50));
  CHECK(transposed == Approx(n * 0.5).margin(50));
}

TEST_CASE("a blur spreads a point by the binomial kernel and keeps constants") {
  const Augmenter augmenter({3, 3, 1}, {1}, {});
  View view = augmenter.identity();
  view.blur = true;
  const std::vector<float> point = {0, 0, 0, 0, 16, 0, 0, 0, 0};
  CHECK(applied(augmenter, view, point) == std::vector<float>{1, 2, 1, 2, 4, 2, 1, 2, 1});
  const std::vector<float> flat(9, 3.0f);
  CHECK(applied(augmenter, view, flat) == flat);
}

TEST_CASE("the same stream draws the same view") {
  const Augmenter augmenter(square, {2, 2}, {});
  RngStream a(3, "test"), b(3, "test"), c(4, "test");
  const std::vector<float> image = numbered(square);
  const auto first = applied(augmenter, augmenter.draw(a), image);
  CHECK(first == applied(augmenter, augmenter.draw(b), image));
  CHECK(first != applied(augmenter, augmenter.draw(c), image));
}
