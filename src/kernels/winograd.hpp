#pragma once

#include <cstdint>

#include <al_mpi/kernels/pixel_convolution.hpp>

// Convolutions of 3 x 3 taps at every pixel by Winograd's F(m x m, 3 x 3): float32 with m = 4, 36
// products for 16 outputs instead of 144; bfloat16 with m = 2, 16 for 4 instead of 36, its
// transformed inputs and weights rounded. Functions are those of pixel_convolution.hpp.
namespace al_mpi {

/// Whether it is the faster way: of the products without padding enough are saved to pay for the
/// transforms.
template <class Number>
bool winograd_pays(const PixelConvolution& shape);

template <class Number>
void winograd_convolution(const PixelConvolution& shape, const Number* x, const float* weight,
                          const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                          std::int64_t last);
template <class Number>
void winograd_input_gradient(const PixelConvolution& shape, const Number* dy, const float* weight,
                             Number* dx, std::int64_t first, std::int64_t last);
template <class Number>
void winograd_weight_gradient(const PixelConvolution& shape, const Number* x, const Number* dy,
                              float* dw, std::int64_t first, std::int64_t last);

}  // namespace al_mpi
