#pragma once

#include <cstdint>

// The words of the kernels. A *pixel-major* map is [H, W, B, C]: the images of a batch lie side by
// side in each pixel (README.md draws it).
namespace pixel_kernels {

/// The bits of a bfloat16 number: the upper half of a float.
struct BFloat16 {
  std::uint16_t bits;
};

/// The type of the numbers of a map.
enum class Type { float32, bfloat16 };

template <class Number>
constexpr Type type_of = sizeof(Number) == 4 ? Type::float32 : Type::bfloat16;

/// A convolution of square kernels over pixel-major maps.
struct Convolution {
  std::int64_t batch = 0;
  std::int64_t in = 0, out = 0;        ///< channels
  std::int64_t height = 0, width = 0;  ///< of the input, in pixels
  std::int64_t kernel = 1, stride = 1, padding = 0;

  std::int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  std::int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

/// Ways to compute a convolution and its gradients.
enum class Way {
  direct,  ///< the sum over taps
  /// 3 x 3 taps at every pixel by Winograd's F(4 x 4, 3 x 3), in bfloat16 by F(2 x 2, 3 x 3)
  winograd,
  /// 7 x 7 taps at every second pixel of a few bands, by F(4 x 4, 4 x 4) over squares of pixels
  stem
};

/// The way that the level of this process computes a convolution. It decides how the input lies in
/// memory (Input), and so is the same for a convolution and both its gradients. Way::direct of
/// bfloat16 needs even numbers of channels at level avx512.
Way choose(const Convolution& shape, Type type);

/// The channels of a result are computed in blocks of this many. The blocks do not depend on each
/// other, so threads can share them.
constexpr std::int64_t channel_block = 32;
constexpr std::int64_t n_channel_blocks(std::int64_t channels) {
  return (channels + channel_block - 1) / channel_block;
}

/// What is done to a sum before it is stored, in this order.
template <class Number>
struct Epilogue {
  const float* bias = nullptr;       ///< [out]
  const Number* residual = nullptr;  ///< is added; laid out as the result
  bool relu = false;                 ///< max(., 0), which lets a NaN pass
};

/// Rows of channels, [rows, channels], channels a multiple of 16: pixel-major maps as BatchNorm
/// sees them.
struct Rows {
  std::int64_t n = 0;
  std::int64_t channels = 0;
};

/// Maxima over 3 x 3 pixels at every second pixel, with a border of one: [H, W, row] -> [(H + 1) /
/// 2, (W + 1) / 2, row], where a row is all images' channels of a pixel.
struct MaxPool {
  std::int64_t height = 0, width = 0;
  std::int64_t row = 0;

  std::int64_t out_height() const { return (height + 1) / 2; }
  std::int64_t out_width() const { return (width + 1) / 2; }
};

/// Where the rows of channels of a map lie, in any order of its other dimensions; the channels of a
/// row lie side by side.
struct MapLayout {
  std::int64_t height = 0, width = 0, batch = 0, channels = 0;
  std::int64_t height_step = 0, width_step = 0, batch_step = 0;  ///< numbers from one to the next
};

}  // namespace pixel_kernels
