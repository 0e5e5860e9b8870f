#pragma once

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>
#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// Where the pixels of n views come from: pixel (y, x) of view i is that of its image at
/// (rows[i][y], columns[i][x]), or with its two coordinates exchanged where transposed[i].
struct RandomViews {
  at::Tensor rows;        ///< [n, H] int64
  at::Tensor columns;     ///< [n, W] int64
  at::Tensor transposed;  ///< [n] bool

  RandomViews part(std::int64_t first, std::int64_t n) const {
    return {rows.narrow(0, first, n), columns.narrow(0, first, n), transposed.narrow(0, first, n)};
  }
};

/// Draws n views of tiles; `kind` is not `none`.
/// - flips: each of the two mirrorings with probability 1/2;
/// - dihedral: one of the square's 8 symmetries (flips and quarter turns), uniformly. An image from
/// above has no
///   upright position. Where height and width differ, only the flips;
/// - dihedral_crop: the same, then a shift by up to 1/8 of the tile both ways, borders mirrored.
RandomViews draw_views(std::int64_t n, std::int64_t height, std::int64_t width, Augment kind,
                       RngStream& rng);

/// Views of images [b, C, H, W], channels-last, and of their label maps [b, H, W]; labels [b] stay
/// as they are. All of one device.
void show(const RandomViews& views, at::Tensor& images, at::Tensor& labels);

/// Views of maps [b, H, W, ...] by one selection for all, as show() takes them on a GPU.
at::Tensor selected(const RandomViews& views, const at::Tensor& maps);

}  // namespace al_mpi
