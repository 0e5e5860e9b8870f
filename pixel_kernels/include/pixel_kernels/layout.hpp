#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

namespace pixel_kernels {

/// A map in any layout -> pixels [H, W, B, padded], padded >= channels; the channels that are added
/// are zero.
template <class Number>
void to_pixels(const MapLayout& layout, const float* map, std::int64_t padded, Number* pixels);

/// A map in any layout, of even sides -> squares [H / 2, W / 2, B, 2, 2, channels], as Way::stem
/// takes it.
void to_squares(const MapLayout& layout, const float* map, float* squares);

/// [pixels, B, channels] -> pairs of images [pixels, ceil(B / 2), channels, 2]; where B is odd, the
/// last image is paired with zeros.
void interleave_images(const BFloat16* map, std::int64_t pixels, std::int64_t batch,
                       std::int64_t channels, BFloat16* pairs);

}  // namespace pixel_kernels
