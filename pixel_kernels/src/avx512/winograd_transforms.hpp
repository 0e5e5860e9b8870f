#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

// The transforms of Winograd's convolution F(m x m, r x r), in AVX-512: of (m + r - 1)^2 inputs,
// m^2 outputs and r x r weights to (m + r - 1)^2 frequencies and back. A frequency begins `step`
// 32-bit units after the one before; padded_step() chooses `step` such that the frequencies do not
// all fall into the same set of a cache. Reference: Lavin & Gray, Fast algorithms for convolutional
// neural networks (2016), with points 0, 1, -1; from 6 inputs on also 2, -2; from 7 on also 1/2.
namespace pixel_kernels::avx512 {

/// Winograd's F(outputs x outputs, taps x taps), whose frequencies are stored as Number.
template <int outputs_, int taps_, class Number_>
struct Winograd {
  using Number = Number_;
  static constexpr int outputs = outputs_, taps = taps_, inputs = outputs + taps - 1;
  static constexpr int frequencies = inputs * inputs;
  static constexpr int per_unit = 4 / sizeof(Number);
  static constexpr std::int64_t units(std::int64_t numbers) { return numbers / per_unit; }
};

/// 3 x 3 taps, with the greatest tile that a type is exact enough for: the greater the tile, the
/// more the transforms magnify rounding errors.
template <class Number>
using Winograd3x3 = Winograd<sizeof(Number) == 4 ? 4 : 2, 3, Number>;

/// 4 x 4 taps, always float32: the transforms would magnify the rounding errors of bfloat16
/// sixfold.
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

/// Inputs of some tiles: x [H, W, row] -> v [frequencies, n, row]. Reads zeros outside the map; the
/// first tile begins taps / 2 pixels before it.
template <class W>
void winograd_inputs(const WinogradMap<W>& map, const Tiles& tiles, const typename W::Number* x,
                     std::int64_t step, float* v);

/// Where taps [taps^2, depth, columns <= 32] lie in memory. `turned`: they are read as those of
/// the kernel turned by half a turn.
struct WinogradTaps {
  const float* data;
  std::int64_t depth, columns;
  std::int64_t tap_step, row;  ///< floats from one tap, one k of the depth to the next
  bool turned;

  /// Row `k` of the depth of tap `tap`, of `n` taps.
  const float* at(int tap, int n, std::int64_t k) const {
    return data + (turned ? n - 1 - tap : tap) * tap_step + k * row;
  }
};

/// Taps -> u [frequencies, units of depth, 32].
template <class W>
void winograd_weights(const WinogradTaps& taps, std::int64_t step, float* u);

/// Outputs of some tiles, a block of `columns` <= 32 channels: m [frequencies, n, B, 32] -> their
/// pixels of the map y. y and the epilogue's pointers point to the block's first channel.
template <class W, class Pixel>
void winograd_outputs(const WinogradMap<W>& map, const Tiles& tiles, const float* m,
                      std::int64_t step, std::int64_t channels, std::int64_t columns,
                      const Epilogue<Pixel>& epilogue, Pixel* y);

/// The gradient of winograd_outputs() for some tiles, a block of `columns` units: dy [H, W, rows,
/// channels units] -> z [frequencies, n, rows, 32].
template <class W, class Pixel>
void winograd_output_gradients(const WinogradMap<W>& map, const Tiles& tiles, const Pixel* dy,
                               std::int64_t channels, std::int64_t columns, std::int64_t step,
                               float* z);

/// The gradient of winograd_weights(): du [frequencies, in, 32] -> a block of dw [taps^2, in, out].
template <class W>
void winograd_weight_gradients(const float* du, std::int64_t step, std::int64_t in,
                               std::int64_t out, std::int64_t columns, float* dw);

}  // namespace pixel_kernels::avx512
