#include <al_mpi/data/regions.hpp>

#include <vector>

#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

Regions regions_of(std::int64_t height, std::int64_t width, std::int64_t side) {
  if (side == 0) return {height, width, 1, 1};
  if (height % side == 0 && width % side == 0) return {side, side, height / side, width / side};
  std::vector<std::int64_t> sides;
  for (std::int64_t divisor = 1; divisor <= height; ++divisor) {
    if (height % divisor == 0 && width % divisor == 0) sides.push_back(divisor);
  }
  throw ConfigError("query.region",
                    fmt::format("{} does not divide the images of {} x {} pixels (what does: {}; 0 "
                                "= whole images)",
                                side, height, width, fmt::join(sides, ", ")));
}

}  // namespace al_mpi
