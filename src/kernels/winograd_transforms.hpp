#pragma once

#include <cstdint>

#include <al_mpi/kernels/pixel_convolution.hpp>

// The transforms of Winograd's convolution F(4 x 4, 3 x 3), in AVX-512: of 6 x 6 inputs, 4 x 4
// outputs and 3 x 3 weights to 36 frequencies and back. Between two frequencies lie `step` floats,
// so chosen by padded_step() that the 36 streams do not fall into one set of a cache. Reference:
// Lavin & Gray, Fast algorithms for convolutional neural networks (2016), with points 0, 1, -1, 2,
// -2.
namespace al_mpi {

constexpr std::int64_t winograd_frequencies = 36;
constexpr std::int64_t winograd_tile = 4;  // outputs along a side

constexpr std::int64_t padded_step(std::int64_t floats) {
  return (floats + 31) / 32 * 32 + 16;
}

/// Maps of float32 pixels as the transforms see them: a pixel is `row` floats, a multiple of 16.
struct WinogradMap {
  std::int64_t height, width, row;

  std::int64_t tiles_down() const { return (height + winograd_tile - 1) / winograd_tile; }
  std::int64_t tiles_across() const { return (width + winograd_tile - 1) / winograd_tile; }
  std::int64_t tiles() const { return tiles_down() * tiles_across(); }
};

/// x [H, W, row], padded by a border of zeros -> v [36, tiles, row].
void winograd_inputs(const WinogradMap& map, const float* x, std::int64_t step, float* v);

/// Taps [9, depth, 32] -> u [36, depth, 32]; `turned`: of the kernel turned by half a turn.
void winograd_weights(const float* taps, std::int64_t depth, bool turned, std::int64_t step,
                      float* u);

/// A block of `columns` <= 32 channels of one tile: m [36, B, 32] -> its pixels of y [H, W, B,
/// channels]. y and the epilogue's pointers belong to the block's first channel.
void winograd_outputs(const WinogradMap& map, std::int64_t tile, const float* m, std::int64_t step,
                      std::int64_t channels, std::int64_t columns, const Epilogue<float>& epilogue,
                      float* y);

/// A block of channels of dy [H, W, B, channels] -> z [36, tiles, B, 32], the way back through
/// winograd_outputs().
void winograd_output_gradients(const WinogradMap& map, const float* dy, std::int64_t channels,
                               std::int64_t columns, std::int64_t step, float* z);

/// du [36, in, 32] -> a block of dw [9, in, out], the way back through winograd_weights().
void winograd_weight_gradients(const float* du, std::int64_t step, std::int64_t in,
                               std::int64_t out, std::int64_t columns, float* dw);

}  // namespace al_mpi
