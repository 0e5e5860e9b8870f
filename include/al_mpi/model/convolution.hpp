#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// at::conv2d without bias, [b, in, H, W] -> [b, out, h, w], equal to it but for the order of sums. Where
/// there are kernels (pixel_major.hpp) the result and the gradient of x are pixel-major and the weight,
/// float32, is best arranged (arrange_weights()); elsewhere it is at::conv2d itself. Works under autocast.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding);

/// max(convolution + bias + residual, 0) in one go, without gradients; `residual` may be undefined,
/// and without `relu` there is no max.
at::Tensor convolution_with_bias(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& bias, std::int64_t stride, std::int64_t padding,
                                 const at::Tensor& residual, bool relu);

}  // namespace al_mpi
