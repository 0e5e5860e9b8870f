#pragma once

#include <cstdint>

#include <al_mpi/kernels/pixel_convolution.hpp>

// float32 convolutions of 3 x 3 taps at every pixel by Winograd's F(4 x 4, 3 x 3): 36 products for
// 16 outputs instead of 144. Functions are those of pixel_convolution.hpp.
namespace al_mpi {

/// Whether it is the faster way: of the products without padding enough are saved to pay for the
/// transforms.
bool winograd_pays(const PixelConvolution& shape);

void winograd_convolution(const PixelConvolution& shape, const float* x, const float* weight,
                          const Epilogue<float>& epilogue, float* y, std::int64_t first,
                          std::int64_t last);
void winograd_input_gradient(const PixelConvolution& shape, const float* dy, const float* weight,
                             float* dx, std::int64_t first, std::int64_t last);
void winograd_weight_gradient(const PixelConvolution& shape, const float* x, const float* dy,
                              float* dw, std::int64_t first, std::int64_t last);

}  // namespace al_mpi
