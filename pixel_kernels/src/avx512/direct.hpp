#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

// Way::direct: the images of a batch lie side by side in each pixel, so a tap of the kernel joins
// two pixels by one matrix product of B rows; padding is never multiplied and nothing is copied,
// whatever the stride. The functions are those of convolution.hpp.
namespace pixel_kernels::avx512 {

template <class Number>
void direct_convolution(const Convolution& shape, const Number* x, const float* weight,
                        const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                        std::int64_t last);
template <class Number>
void direct_convolution_input_gradient(const Convolution& shape, const Number* dy,
                                       const float* weight, Number* dx, std::int64_t first,
                                       std::int64_t last);
template <class Number>
void direct_convolution_weight_gradient(const Convolution& shape, const Number* x, const Number* dy,
                                        float* dw, std::int64_t first, std::int64_t last);

}  // namespace pixel_kernels::avx512
