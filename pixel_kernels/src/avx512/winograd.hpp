#pragma once

#include <cstdint>

#include "winograd_transforms.hpp"

// Convolutions at every pixel whose result is as large as their input, by Winograd's F(m x m, r x
// r): for each block of m^2 outputs (m + r - 1)^2 products instead of m^2 r^2. Functions are those
// of convolution.hpp; of the shape they read batch, channels, height and width. Before the
// map lies a border of r / 2 zeros.
namespace pixel_kernels::avx512 {

template <class W, class Pixel>
void winograd_convolution(const Convolution& shape, const typename W::Number* x,
                          const float* weight, const Epilogue<Pixel>& epilogue, Pixel* y,
                          std::int64_t first, std::int64_t last);
template <class W>
void winograd_input_gradient(const Convolution& shape, const typename W::Number* dy,
                             const float* weight, typename W::Number* dx, std::int64_t first,
                             std::int64_t last);
template <class W, class Pixel>
void winograd_weight_gradient(const Convolution& shape, const typename W::Number* x,
                              const Pixel* dy, float* dw, std::int64_t first, std::int64_t last);

}  // namespace pixel_kernels::avx512
