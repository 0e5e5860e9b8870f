#include "random_views.hpp"

#include <cstdlib>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/where.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// Where each of `size` rows (or columns) of a view comes from: shifted, mirrored at the borders,
/// flipped.
void source_rows(std::int64_t size, bool flip, std::int64_t shift, std::int64_t* rows) {
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t from = std::abs(i + shift);
    if (from >= size) from = 2 * (size - 1) - from;
    rows[i] = flip ? size - 1 - from : from;
  }
}

/// Row i of a tensor of numbers.
template <class T>
T* row(const at::Tensor& tensor, std::int64_t i) {
  return tensor.data_ptr<T>() + i * tensor.stride(0);
}

void draw_view(const RandomViews& views, std::int64_t i, Augment kind, RngStream& rng) {
  const std::int64_t height = views.rows.size(1), width = views.columns.size(1);
  const bool flip_rows = rng.below(2) == 1, flip_columns = rng.below(2) == 1;
  // Two flips and a transposition make up the 8 symmetries, each once.
  *row<bool>(views.transposed, i) = kind != Augment::flips && height == width && rng.below(2) == 1;
  const auto shift = [&](std::int64_t size) {
    const std::int64_t most = kind == Augment::dihedral_crop ? size / 8 : 0;
    return most > 0
               ? static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(2 * most + 1))) -
                     most
               : 0;
  };
  const std::int64_t down = shift(height), right = shift(width);
  source_rows(height, flip_rows, down, row<std::int64_t>(views.rows, i));
  source_rows(width, flip_columns, right, row<std::int64_t>(views.columns, i));
}

/// View i of one image or label map, on the CPU.
at::Tensor view_of(const RandomViews& views, std::int64_t i, const at::Tensor& image) {
  const at::Tensor turned = *row<bool>(views.transposed, i) ? image.transpose(-2, -1) : image;
  return turned.index_select(-2, views.rows.select(0, i))
      .index_select(-1, views.columns.select(0, i));
}

}  // namespace

RandomViews draw_views(std::int64_t n, std::int64_t height, std::int64_t width, Augment kind,
                       RngStream& rng) {
  const RandomViews views{at::empty({n, height}, at::kLong), at::empty({n, width}, at::kLong),
                          at::empty({n}, at::kBool)};
  for (std::int64_t i = 0; i < n; ++i) draw_view(views, i, kind, rng);
  return views;
}

void show(const RandomViews& views, at::Tensor& images, at::Tensor& labels) {
  check(images.dim() == 4, "augmentation of something that is no image");
  const bool maps = labels.dim() == 3;
  if (!images.is_cpu()) {
    images = selected(views, images.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
    if (maps) labels = selected(views, labels);
    return;
  }
  const at::Tensor seen = at::empty_like(images), told = maps ? at::empty_like(labels) : labels;
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    seen.select(0, i).copy_(view_of(views, i, images.select(0, i)));
    if (maps) told.select(0, i).copy_(view_of(views, i, labels.select(0, i)));
  }
  images = seen;
  labels = told;
}

at::Tensor selected(const RandomViews& views, const at::Tensor& maps) {
  const std::int64_t n = maps.size(0), height = maps.size(1), width = maps.size(2);
  const at::Tensor rows = views.rows.unsqueeze(2), columns = views.columns.unsqueeze(1);
  const at::Tensor pixel =
      at::where(views.transposed.view({n, 1, 1}), columns * width + rows, rows * width + columns);
  const at::Tensor first = at::arange(n, rows.options()).view({n, 1, 1}) * (height * width);
  return maps.flatten(0, 2).index_select(0, (pixel + first).flatten()).view(maps.sizes());
}

}  // namespace al_mpi
