#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// at::conv2d without bias, [b, in, H, W] -> [b, out, h, w], made to be trained.
///
/// The gradient of a kernel wider than 1 x 1 is one matrix product where the output map has at most
/// 16 pixels: oneDNN's own reaches a third of that product's speed at 2 x 2 and 4 x 4 pixels
/// (bench_model, weight_gradient) and is the faster one from 6 x 6 on. Equal to at::conv2d's but
/// for the order of sums. Works under autocast.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding);

}  // namespace al_mpi
