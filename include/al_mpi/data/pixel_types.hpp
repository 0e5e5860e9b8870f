#pragma once

#include <cstdint>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// Calls f with a zero of the C++ type that `type` names, so that f can be a template of that type.
template <class F>
auto with_pixel_type(PixelType type, const F& f) {
  if (type == PixelType::uint8) return f(std::uint8_t{});
  if (type == PixelType::uint16) return f(std::uint16_t{});
  return f(float{});
}

}  // namespace al_mpi
