#pragma once

#include <cstdint>

#include <al_mpi/kernels/number.hpp>

namespace al_mpi {

/// Maxima over 3 x 3 pixels at every second pixel, with a border of one: [H, W, row] -> [(H + 1) /
/// 2, (W + 1) / 2, row], where a row is all images' channels of a pixel.
struct MaxPool {
  std::int64_t height = 0, width = 0;
  std::int64_t row = 0;

  std::int64_t out_height() const { return (height + 1) / 2; }
  std::int64_t out_width() const { return (width + 1) / 2; }
};

/// y, and which of the 9 pixels it came from (the first of equals; a NaN before all).
template <class Number>
void max_pool(const MaxPool& shape, const Number* x, Number* y, std::uint8_t* from);

template <class Number>
void max_pool_gradient(const MaxPool& shape, const Number* dy, const std::uint8_t* from,
                       Number* dx);

}  // namespace al_mpi
