#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>

#include "catch.hpp"
#include "src/model/training/random_views.hpp"

using namespace al_mpi;

namespace {

constexpr std::int64_t side = 16;

void random_views(at::Tensor& images, at::Tensor& labels, Augment kind, RngStream& rng) {
  show(draw_views(images.size(0), images.size(2), images.size(3), kind, rng), images, labels);
}

/// Every pixel of every image has a value of its own.
at::Tensor numbered(std::int64_t n, std::int64_t height = side, std::int64_t width = side) {
  return at::arange(n * height * width, at::kFloat)
      .reshape({n, 1, height, width})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

/// The labels of the same pixels: their numbers.
at::Tensor numbers_of(const at::Tensor& images) {
  return images.squeeze(1).to(at::kLong);
}

/// The corners of an image, which tell the 8 symmetries apart.
std::string corners(const at::Tensor& image) {
  std::string text;
  for (const std::int64_t y : {0, 1}) {
    for (const std::int64_t x : {0, 1}) {
      text += std::to_string(image[0][y * (side - 1)][x * (side - 1)].item<std::int64_t>()) + " ";
    }
  }
  return text;
}

std::map<std::string, int> views(Augment kind, std::int64_t n) {
  RngStream rng(1, "augment");
  at::Tensor images = numbered(1).expand({n, 1, side, side}).contiguous();
  at::Tensor labels = at::zeros({n}, at::kLong);
  random_views(images, labels, kind, rng);
  std::map<std::string, int> counts;
  for (std::int64_t i = 0; i < n; ++i) ++counts[corners(images[i])];
  return counts;
}

}  // namespace

TEST_CASE("flips are four views, dihedral is the square's eight, each equally often") {
  constexpr std::int64_t n = 4000;
  const std::map<Augment, std::size_t> expected = {{Augment::flips, 4}, {Augment::dihedral, 8}};
  for (const auto& [kind, n_views] : expected) {
    const auto counts = views(kind, n);
    CHECK(counts.size() == n_views);
    double chi_squared = 0.0;
    const double each = static_cast<double>(n) / static_cast<double>(n_views);
    for (const auto& [view, count] : counts) chi_squared += (count - each) * (count - each) / each;
    CHECK(chi_squared < 24.3);  // 7 degrees of freedom, p = 0.001
  }
}

TEST_CASE("a label map moves with its image") {
  for (const Augment kind : {Augment::flips, Augment::dihedral, Augment::dihedral_crop}) {
    RngStream rng(2, "augment");
    at::Tensor images = numbered(40), labels = numbers_of(images);
    const at::Tensor before = images.clone();
    random_views(images, labels, kind, rng);
    CHECK(labels.equal(numbers_of(images)));
    CHECK_FALSE(images.equal(before));
    CHECK(images.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST_CASE("a crop shifts by up to an eighth of the tile and mirrors the border") {
  RngStream rng(3, "augment");
  constexpr std::int64_t n = 300;
  at::Tensor images = numbered(1).expand({n, 1, side, side}).contiguous();
  at::Tensor labels = at::zeros({n}, at::kLong);
  random_views(images, labels, Augment::dihedral_crop, rng);
  std::int64_t farthest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    // The middle pixels (7 or 8, 7 or 8) stay within 2 of the middle, whatever the symmetry.
    const auto middle = images[i][0][side / 2][side / 2].item<std::int64_t>();
    const std::int64_t y = middle / side, x = middle % side;
    farthest = std::max({farthest, std::abs(2 * y - (side - 1)), std::abs(2 * x - (side - 1))});
    CHECK(images[i].min().item<float>() >= 0.0F);
    CHECK(images[i].max().item<float>() < side * side);
  }
  CHECK(farthest == 2 * (side / 8) + 1);
}

TEST_CASE("the same stream gives the same views") {
  at::Tensor a = numbered(5), b = numbered(5), labels = at::zeros({5}, at::kLong);
  RngStream one(4, "augment", 2), same(4, "augment", 2);
  random_views(a, labels, Augment::dihedral_crop, one);
  random_views(b, labels, Augment::dihedral_crop, same);
  CHECK(a.equal(b));
}

TEST_CASE("views by one selection, as on a GPU, are those made image by image") {
  for (const auto& [kind, width] :
       {std::pair(Augment::flips, 24), std::pair(Augment::dihedral_crop, 16)}) {
    RngStream rng(6, "augment");
    const RandomViews views = draw_views(30, 16, width, kind, rng);
    const at::Tensor images = numbered(30, 16, width);
    at::Tensor one_by_one = images, labels = numbers_of(images);
    show(views, one_by_one, labels);
    CHECK(selected(views, numbers_of(images)).equal(labels));
    CHECK(selected(views, images.permute({0, 2, 3, 1})).permute({0, 3, 1, 2}).equal(one_by_one));
    CHECK(views.part(3, 2).rows.equal(views.rows.narrow(0, 3, 2)));
  }
}

TEST_CASE("tiles that are no squares are flipped, not turned") {
  RngStream rng(5, "augment");
  at::Tensor images = numbered(20, 8, 24), labels = numbers_of(images);
  random_views(images, labels, Augment::dihedral, rng);
  CHECK(images.sizes() == numbered(20, 8, 24).sizes());
  CHECK(labels.equal(numbers_of(images)));
}
