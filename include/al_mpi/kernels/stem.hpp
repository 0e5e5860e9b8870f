#pragma once

#include <cstdint>

#include <al_mpi/kernels/pixel_convolution.hpp>
#include <al_mpi/kernels/pixels.hpp>

// The stem of a residual network: 7 x 7 taps at every second pixel of a few bands, the costliest of
// its convolutions, since so few numbers do not fill a matrix product. Here squares of 2 x 2 pixels
// are one pixel of 4 times the channels; of these the convolution has 4 x 4 taps at every pixel,
// and goes by Winograd's F(4 x 4, 4 x 4): 49 products of 4 * in numbers for 16 outputs instead of
// 784 of in. It computes in float32, whatever the type of its output.
namespace al_mpi {

/// Whether a convolution is one, of maps of even sides.
bool is_stem(const PixelConvolution& shape);

/// A map in any layout, of even sides -> squares [H / 2, W / 2, B, 2, 2, channels].
void to_squares(const MapLayout& layout, const float* map, float* squares);

/// Squares of x, weight [7, 7, in, out] -> y [h, w, B, out], channel blocks first .. last - 1 of
/// `out`.
template <class Number>
void stem_convolution(const PixelConvolution& shape, const float* squares, const float* weight,
                      const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                      std::int64_t last);

/// Squares of x, dy [h, w, B, out] -> dw [7, 7, in, out], channel blocks first .. last - 1 of
/// `out`.
template <class Number>
void stem_weight_gradient(const PixelConvolution& shape, const float* squares, const Number* dy,
                          float* dw, std::int64_t first, std::int64_t last);

}  // namespace al_mpi
