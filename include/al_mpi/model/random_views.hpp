#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// Random views of a batch, a draw a sample; label maps move with their images.
/// - flips: each of the two mirrorings with probability 1/2;
/// - dihedral: one of the square's 8 symmetries (flips and quarter turns), uniformly. An image from
/// above has no
///   upright position. Where height and width differ, only the flips;
/// - dihedral_crop: the same, then a shift by up to 1/8 of the tile both ways, borders mirrored.
/// images [b, C, H, W]; labels [b] or [b, H, W], of the same device. "none" changes nothing and
/// draws nothing.
void random_views(at::Tensor& images, at::Tensor& labels, const std::string& kind, RngStream& rng);

}  // namespace al_mpi
