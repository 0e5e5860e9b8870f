#pragma once

#include <cstdint>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// f(pixel), with a pixel of the type that `type` names: its value says nothing, its type all.
template <class F>
auto with_pixel_type(PixelType type, const F& f) {
  if (type == PixelType::uint8) return f(std::uint8_t{});
  if (type == PixelType::uint16) return f(std::uint16_t{});
  return f(float{});
}

}  // namespace al_mpi
