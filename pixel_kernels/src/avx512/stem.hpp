#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

// Way::stem: 7 x 7 taps at every second pixel of a few bands. This is the costliest convolution of
// a residual network, because so few channels do not fill a matrix product. Here a square of 2 x 2
// pixels counts as one pixel with 4 times the channels; over these the convolution has 4 x 4 taps
// at every pixel and is computed by Winograd's F(4 x 4, 4 x 4). For 16 outputs that takes 49
// products of 4 * in numbers instead of 784 products of `in` numbers. It computes in float32,
// whatever the type of its output. The functions are those of convolution.hpp.
namespace pixel_kernels::avx512 {

template <class Number>
void stem_convolution(const Convolution& shape, const float* squares, const float* weight,
                      const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                      std::int64_t last);
template <class Number>
void stem_weight_gradient(const Convolution& shape, const float* squares, const Number* dy,
                          float* dw, std::int64_t first, std::int64_t last);

}  // namespace pixel_kernels::avx512
