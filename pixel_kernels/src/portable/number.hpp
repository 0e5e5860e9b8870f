#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include <pixel_kernels/shape.hpp>

// Numbers of maps as floats, and back.
namespace pixel_kernels::portable {

inline float to_float(float x) {
  return x;
}
inline float to_float(BFloat16 x) {
  const std::uint32_t bits = std::uint32_t{x.bits} << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class Number>
Number rounded(float x);
template <>
inline float rounded<float>(float x) {
  return x;
}
/// Rounds to nearest, ties to even. A subnormal number becomes 0 and a NaN stays one, as by the
/// instructions for bfloat16.
template <>
inline BFloat16 rounded<BFloat16>(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  if (std::isnan(x)) {
    bits |= 1U << 22;
  } else if (std::fpclassify(x) == FP_SUBNORMAL) {
    bits &= 1U << 31;
  } else {
    bits += 0x7FFF + ((bits >> 16) & 1);
  }
  return {static_cast<std::uint16_t>(bits >> 16)};
}

/// max(x, 0), which lets a NaN pass.
inline float rectified(float x) {
  return x < 0 ? 0.0F : x;
}

}  // namespace pixel_kernels::portable
