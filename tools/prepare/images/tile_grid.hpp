#pragma once

#include <cstdint>
#include <vector>

#include "tools/raster/raster.hpp"
#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/data/dataset_writer.hpp>

namespace al_mpi {

/// What remains at right and bottom borders: left out, covered by tiles moved inwards, or filled up
/// with 'no data'.
AL_ENUM(Edges, drop, overlap, pad)

/// First pixels of the tiles along one axis, `stride` apart.
std::vector<std::int64_t> tile_starts(std::int64_t length, std::int64_t tile, std::int64_t stride,
                                      Edges edges);

/// The part of a tile that lies within an image.
Window inside(const Window& tile, std::int64_t height, std::int64_t width);

/// A sample of the part of an image, moved into the upper left corner of a whole tile; the rest has
/// no value and no class. `bytes` of a value.
void pad_tile(const Sample& part, const Window& inner, std::int64_t tile, std::size_t bytes,
              Sample& sample);

}  // namespace al_mpi
