#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace al_mpi {

/// A picture in memory: red, green, blue of each pixel, [height, width, 3].
struct Picture {
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> rgb;
};

/// The bytes of a PNG file (8 bit, RGB).
std::string png_bytes(const Picture& picture);

}  // namespace al_mpi
