#pragma once

#include <cstdint>

#include <al_mpi/kernels/pixel_convolution.hpp>

// The transforms of Winograd's convolution F(m x m, 3 x 3), in AVX-512: of (m + 2)^2 inputs, m^2
// outputs and 3 x 3 weights to (m + 2)^2 frequencies and back. Between two frequencies lie `step`
// 32-bit units, so chosen by padded_step() that the streams do not fall into one set of a cache.
// Reference: Lavin & Gray, Fast algorithms for convolutional neural networks (2016), with points 0,
// 1, -1 and, in float32, 2, -2.
namespace al_mpi {

/// Outputs along a side: what a type is exact enough for. The greater the tile, the more the
/// transforms magnify the rounding of their results; of two pixels they hardly do.
template <class Number>
constexpr int winograd_tile = sizeof(Number) == 4 ? 4 : 2;

template <class Number>
constexpr std::int64_t winograd_frequencies = (winograd_tile<Number> + 2) *
                                              (winograd_tile<Number> + 2);

constexpr std::int64_t padded_step(std::int64_t units) {
  return (units + 31) / 32 * 32 + 16;
}

/// Maps as the transforms see them: a pixel is `row` numbers, a multiple of 16.
template <class Number>
struct WinogradMap {
  std::int64_t height, width, row;

  std::int64_t tiles_down() const { return tiles_along(height); }
  std::int64_t tiles_across() const { return tiles_along(width); }
  std::int64_t tiles() const { return tiles_down() * tiles_across(); }
  std::int64_t row_units() const { return row * static_cast<std::int64_t>(sizeof(Number)) / 4; }

 private:
  static std::int64_t tiles_along(std::int64_t side) {
    return (side + winograd_tile<Number> - 1) / winograd_tile<Number>;
  }
};

/// x [H, W, row], padded by a border of zeros -> v [frequencies, tiles, row].
template <class Number>
void winograd_inputs(const WinogradMap<Number>& map, const Number* x, std::int64_t step, float* v);

/// Taps [9, depth, columns <= 32] as they lie in memory; `turned`: of the kernel turned by half a
/// turn.
struct WinogradTaps {
  const float* data;
  std::int64_t depth, columns;
  std::int64_t tap_step, row;  ///< floats from one tap, one k of the depth to the next
  bool turned;

  const float* at(int tap, std::int64_t k) const {
    return data + (turned ? 8 - tap : tap) * tap_step + k * row;
  }
};

/// Taps -> u [frequencies, units of depth, 32].
template <class Number>
void winograd_weights(const WinogradTaps& taps, std::int64_t step, float* u);

/// A block of `columns` <= 32 channels of one tile: m [frequencies, B, 32] -> its pixels of y [H,
/// W, B, channels]. y and the epilogue's pointers belong to the block's first channel.
template <class Number>
void winograd_outputs(const WinogradMap<Number>& map, std::int64_t tile, const float* m,
                      std::int64_t step, std::int64_t channels, std::int64_t columns,
                      const Epilogue<Number>& epilogue, Number* y);

/// A block of `columns` units of dy [H, W, rows, channels units] -> z [frequencies, tiles, rows,
/// 32], the way back through winograd_outputs().
template <class Number>
void winograd_output_gradients(const WinogradMap<Number>& map, const Number* dy,
                               std::int64_t channels, std::int64_t columns, std::int64_t step,
                               float* z);

/// du [frequencies, in, 32] -> a block of dw [9, in, out], the way back through winograd_weights().
template <class Number>
void winograd_weight_gradients(const float* du, std::int64_t step, std::int64_t in,
                               std::int64_t out, std::int64_t columns, float* dw);

}  // namespace al_mpi
