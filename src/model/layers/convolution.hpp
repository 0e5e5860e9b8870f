#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// What follows a convolution, in this order.
struct ConvolutionEpilogue {
  at::Tensor bias;      ///< [out] float32, a constant: it gets no gradient; may be undefined
  at::Tensor residual;  ///< added, of the result's sizes; may be undefined
  bool relu = false;
};

/// at::conv2d, [b, in, H, W] -> [b, out, h, w], equal to it but for the order of sums (3 x 3 taps
/// in float32: Winograd's, within 1e-5 of the largest value). Where there are kernels
/// (pixel_major.hpp) the result and the gradient of x are pixel-major and the weight, float32, is
/// best arranged (arrange_weights()); elsewhere it is at::conv2d itself. Works under autocast.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding, const ConvolutionEpilogue& epilogue = {});

}  // namespace al_mpi
