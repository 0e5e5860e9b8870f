#pragma once

#include <cstdint>

#include <al_mpi/kernels/number.hpp>

namespace al_mpi {

/// Where a map's rows of channels lie; the channels of a row lie side by side.
struct MapLayout {
  std::int64_t height = 0, width = 0, batch = 0, channels = 0;
  std::int64_t height_step = 0, width_step = 0, batch_step = 0;  ///< numbers from one to the next
};

/// A map in any such layout -> [H, W, B, padded], padded >= channels; channels that are not there
/// are zero.
template <class Number>
void to_pixels(const MapLayout& layout, const float* map, std::int64_t padded, Number* pixels);

}  // namespace al_mpi
