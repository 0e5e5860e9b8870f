#include <cstdlib>
#include <vector>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/model/random_views.hpp>

namespace al_mpi {
namespace {

/// Where each of `size` rows (or columns) of a view comes from: shifted, mirrored at the borders,
/// flipped.
at::Tensor source_rows(std::int64_t size, bool flip, std::int64_t shift) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t from = std::abs(i + shift);
    if (from >= size) from = 2 * (size - 1) - from;
    rows.push_back(flip ? size - 1 - from : from);
  }
  return at::tensor(rows);
}

/// One draw, for the last two dimensions of an image and its label map alike.
struct View {
  bool transpose;
  at::Tensor rows, columns;

  at::Tensor of(const at::Tensor& image) const {
    const at::Tensor turned = transpose ? image.transpose(-2, -1) : image;
    return turned.index_select(-2, rows.to(image.device()))
        .index_select(-1, columns.to(image.device()));
  }
};

View draw_view(std::int64_t height, std::int64_t width, const std::string& kind, RngStream& rng) {
  const bool flip_rows = rng.below(2) == 1, flip_columns = rng.below(2) == 1;
  // Two flips and a transposition make up the 8 symmetries, each once.
  const bool transpose = kind != "flips" && height == width && rng.below(2) == 1;
  const auto shift = [&](std::int64_t size) {
    const std::int64_t most = kind == "dihedral_crop" ? size / 8 : 0;
    return most > 0
               ? static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(2 * most + 1))) -
                     most
               : 0;
  };
  const std::int64_t down = shift(height), right = shift(width);
  return {transpose, source_rows(height, flip_rows, down), source_rows(width, flip_columns, right)};
}

}  // namespace

void random_views(at::Tensor& images, at::Tensor& labels, const std::string& kind, RngStream& rng) {
  if (kind == "none") return;
  check(images.dim() == 4, "augmentation of something that is no image");
  const bool maps = labels.dim() == 3;
  const at::Tensor seen = at::empty_like(images), told = maps ? at::empty_like(labels) : labels;
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    const View view = draw_view(images.size(2), images.size(3), kind, rng);
    seen.select(0, i).copy_(view.of(images.select(0, i)));
    if (maps) told.select(0, i).copy_(view.of(labels.select(0, i)));
  }
  images = seen;
  labels = told;
}

}  // namespace al_mpi
