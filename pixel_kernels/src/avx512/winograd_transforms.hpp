#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

// The transforms of Winograd's convolution F(m x m, r x r), in AVX-512: of (m + r - 1)^2 inputs,
// m^2 outputs and r x r weights to (m + r - 1)^2 frequencies and back. Between two frequencies lie
// `step` 32-bit units, so chosen by padded_step() that the streams do not fall into one set of a
// cache. Reference: Lavin & Gray, Fast algorithms for convolutional neural networks (2016), with
// points 0, 1, -1; from 6 inputs on also 2, -2; from 7 on also 1/2.
namespace pixel_kernels::avx512 {

/// Tiles of outputs, taps of a kernel, both along a side, and the numbers of the frequencies.
template <int outputs_, int taps_, class Number_>
struct Winograd {
  using Number = Number_;
  static constexpr int outputs = outputs_, taps = taps_, inputs = outputs + taps - 1;
  static constexpr int frequencies = inputs * inputs;
  static constexpr int per_unit = 4 / sizeof(Number);
  static constexpr std::int64_t units(std::int64_t numbers) { return numbers / per_unit; }
};

/// 3 x 3 taps, with the greatest tile that a type is exact enough for: the greater it is, the more
/// the transforms magnify the rounding of their results.
template <class Number>
using Winograd3x3 = Winograd<sizeof(Number) == 4 ? 4 : 2, 3, Number>;

/// 4 x 4 taps, always float32: in bfloat16 its transforms would magnify the rounding sixfold.
using Winograd4x4 = Winograd<4, 4, float>;

constexpr std::int64_t padded_step(std::int64_t units) {
  return (units + 31) / 32 * 32 + 16;
}

/// Maps as the transforms see them: a pixel is `row` numbers.
template <class W>
struct WinogradMap {
  std::int64_t height, width, row;

  std::int64_t tiles_down() const { return (height + W::outputs - 1) / W::outputs; }
  std::int64_t tiles_across() const { return (width + W::outputs - 1) / W::outputs; }
  std::int64_t tiles() const { return tiles_down() * tiles_across(); }
  std::int64_t row_units() const { return W::units(row); }
};

/// Consecutive tiles of a map, which are numbered row by row.
struct Tiles {
  std::int64_t first, n;
};

/// x [H, W, row], with zeros around it (taps / 2 of them before it) -> v [frequencies, n, row] of
/// some tiles.
template <class W>
void winograd_inputs(const WinogradMap<W>& map, const Tiles& tiles, const typename W::Number* x,
                     std::int64_t step, float* v);

/// Taps [taps^2, depth, columns <= 32] as they lie in memory; `turned`: of the kernel turned by
/// half a turn.
struct WinogradTaps {
  const float* data;
  std::int64_t depth, columns;
  std::int64_t tap_step, row;  ///< floats from one tap, one k of the depth to the next
  bool turned;

  /// Of `n` taps.
  const float* at(int tap, int n, std::int64_t k) const {
    return data + (turned ? n - 1 - tap : tap) * tap_step + k * row;
  }
};

/// Taps -> u [frequencies, units of depth, 32].
template <class W>
void winograd_weights(const WinogradTaps& taps, std::int64_t step, float* u);

/// A block of `columns` <= 32 channels of some tiles: m [frequencies, n, B, 32] -> their pixels of
/// y and the epilogue's pointers point to the block's first channel.
template <class W, class Pixel>
void winograd_outputs(const WinogradMap<W>& map, const Tiles& tiles, const float* m,
                      std::int64_t step, std::int64_t channels, std::int64_t columns,
                      const Epilogue<Pixel>& epilogue, Pixel* y);

/// A block of `columns` units of dy [H, W, rows, channels units] -> z [frequencies, n, rows, 32] of
/// some tiles, the way back through winograd_outputs().
template <class W, class Pixel>
void winograd_output_gradients(const WinogradMap<W>& map, const Tiles& tiles, const Pixel* dy,
                               std::int64_t channels, std::int64_t columns, std::int64_t step,
                               float* z);

/// du [frequencies, in, 32] -> a block of dw [taps^2, in, out], the way back through
/// winograd_weights().
template <class W>
void winograd_weight_gradients(const float* du, std::int64_t step, std::int64_t in,
                               std::int64_t out, std::int64_t columns, float* dw);

}  // namespace pixel_kernels::avx512
