#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace al_mpi {

/// The colour of a class in figures and pictures, by its number: 0xRRGGBB. Paul Tol's muted scheme
/// and grey, so that eleven classes differ.
inline std::uint32_t class_colour(std::size_t index) {
  constexpr std::array<std::uint32_t, 11> colours = {0xDDCC77, 0x117733, 0x999933, 0x888888,
                                                     0x332288, 0x44AA99, 0xAA4499, 0xCC6677,
                                                     0x88CCEE, 0x0077BB, 0x882255};
  return colours[index % colours.size()];
}

}  // namespace al_mpi
