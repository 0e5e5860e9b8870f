#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

namespace pixel_kernels {

/// x -> y, the maxima, and which of the 9 pixels each came from. Among equal pixels the first one
/// counts; a NaN counts as the greatest number.
template <class Number>
void max_pool(const MaxPool& shape, const Number* x, Number* y, std::uint8_t* from);

/// dy -> dx: each number of dy goes to the pixel that it came from.
template <class Number>
void max_pool_gradient(const MaxPool& shape, const Number* dy, const std::uint8_t* from,
                       Number* dx);

}  // namespace pixel_kernels
