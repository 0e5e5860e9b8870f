#include <pixel_kernels/level.hpp>
#include <pixel_kernels/shape.hpp>
#include "catch.hpp"

using namespace pixel_kernels;

namespace {

/// batch, in, out, height, width, kernel, stride, padding
void check_way(const Convolution& shape, Way float32, Way bfloat16) {
  INFO(shape.in << " -> " << shape.out << " channels, " << shape.height << " x " << shape.width
                << ", kernel " << shape.kernel << ", stride " << shape.stride);
  const bool only_direct = level() != Level::avx512;
  CHECK(choose(shape, Type::float32) == (only_direct ? Way::direct : float32));
  CHECK(choose(shape, Type::bfloat16) == (only_direct ? Way::direct : bfloat16));
}

}  // namespace

TEST_CASE("the stem's way has 7 x 7 taps at every second pixel of a few bands, and even sides") {
  check_way({16, 13, 64, 64, 64, 7, 2, 3}, Way::stem, Way::stem);
  check_way({16, 13, 64, 63, 64, 7, 2, 3}, Way::direct, Way::direct);
  check_way({16, 13, 64, 64, 64, 7, 1, 3}, Way::direct, Way::direct);
  check_way({16, 13, 60, 64, 64, 7, 2, 3}, Way::direct, Way::direct);
  check_way({16, 64, 64, 64, 64, 7, 2, 3}, Way::direct, Way::direct);
  check_way({16, 13, 64, 64, 64, 3, 2, 1}, Way::direct, Way::direct);
}

TEST_CASE("Winograd's way has 3 x 3 taps at every pixel, where it saves enough products") {
  check_way({16, 64, 64, 16, 16, 3, 1, 1}, Way::winograd, Way::winograd);
  check_way({16, 512, 512, 2, 2, 3, 1, 1}, Way::direct, Way::direct);  // much of a tile is padding
  check_way({1, 64, 64, 4, 4, 3, 1, 1}, Way::direct, Way::direct);     // too few tiles
  check_way({16, 64, 64, 16, 16, 3, 2, 1}, Way::direct, Way::direct);
  check_way({16, 16, 64, 16, 16, 3, 1, 1}, Way::direct, Way::direct);
  check_way({16, 64, 64, 16, 16, 1, 1, 0}, Way::direct, Way::direct);
}
