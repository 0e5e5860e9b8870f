#pragma once

#include <cstdint>

#include <al_mpi/kernels/number.hpp>

namespace al_mpi {

/// A convolution over *pixel-major* maps, [H, W, B, C]: the images of a batch lie side by side in
/// each pixel. A tap of the kernel then joins two pixels by one matrix product of B rows, so that
/// padding is never multiplied and nothing is copied, whatever the stride.
struct PixelConvolution {
  std::int64_t batch = 0;
  std::int64_t in = 0, out = 0;        ///< channels; of bfloat16 even numbers
  std::int64_t height = 0, width = 0;  ///< of the input, in pixels
  std::int64_t kernel = 1, stride = 1, padding = 0;

  std::int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  std::int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

/// Channels of a result are computed in blocks of this many, each independent of the others: the
/// unit to share among threads.
constexpr std::int64_t channel_block = 32;
constexpr std::int64_t n_channel_blocks(std::int64_t channels) {
  return (channels + channel_block - 1) / channel_block;
}

/// What is done to a sum before it is stored, in this order.
template <class Number>
struct Epilogue {
  const float* bias = nullptr;       ///< [out]
  const Number* residual = nullptr;  ///< as the result
  bool relu = false;
};

/// x [H, W, B, in], weight [k, k, in, out] float32 -> y [h, w, B, out], channel blocks first ..
/// last - 1 of `out`. Sums are float32; bfloat16 rounds inputs, weights and results to nearest
/// even.
template <class Number>
void pixel_convolution(const PixelConvolution& shape, const Number* x, const float* weight,
                       const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                       std::int64_t last);

/// dy [h, w, B, out] -> dx [H, W, B, in], channel blocks first .. last - 1 of `in`.
template <class Number>
void pixel_convolution_input_gradient(const PixelConvolution& shape, const Number* dy,
                                      const float* weight, Number* dx, std::int64_t first,
                                      std::int64_t last);

/// x [H, W, B, in], dy [h, w, B, out] -> dw [k, k, in, out], channel blocks first .. last - 1 of
/// `out`. bfloat16 maps come as pairs of images: interleave_images().
template <class Number>
void pixel_convolution_weight_gradient(const PixelConvolution& shape, const Number* x,
                                       const Number* dy, float* dw, std::int64_t first,
                                       std::int64_t last);

/// [pixels, B, channels] -> [pixels, ceil(B / 2), channels, 2]; an odd last image is joined by
/// zeros.
void interleave_images(const BFloat16* map, std::int64_t pixels, std::int64_t batch,
                       std::int64_t channels, BFloat16* pairs);

}  // namespace al_mpi
