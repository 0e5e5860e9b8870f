#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>

// The layers that networks are made of. On a CPU that pixel_kernels/ knows (pixel_kernels::level())
// they compute there, in float32 and bfloat16, and their results are pixel-major: of the usual
// sizes, [b, C, H, W], in the memory of a contiguous [H, W, b, C], which LibTorch's operations take
// like any other. Elsewhere, and at level off, they are LibTorch's own operations.
namespace al_mpi {

/// What follows a convolution, in this order.
struct ConvolutionEpilogue {
  at::Tensor bias;      ///< [out] float32, a constant: it gets no gradient; may be undefined
  at::Tensor residual;  ///< added, of the result's sizes; may be undefined
  bool relu = false;
};

/// at::conv2d, [b, in, H, W] -> [b, out, h, w], equal to it but for the order of sums (3 x 3 taps
/// in float32: Winograd's, within 1e-5 of the largest value). The weight, float32, is best arranged
/// by prepare(). Works under autocast.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding, const ConvolutionEpilogue& epilogue = {});

/// max(bn(x) + residual, 0): x, residual [b, C, H, W]; `residual` may be undefined, and without
/// `relu` there is no max. Equal to LibTorch's operations but for rounding. Where the kernels
/// compute and the layer normalises by the batch's own statistics, forward and backward each read
/// the map twice.
at::Tensor normalize(torch::nn::BatchNorm2d& bn, const at::Tensor& x, const at::Tensor& residual,
                     bool relu);

/// at::max_pool2d over 3 x 3 pixels at every second pixel, with a border of one.
at::Tensor max_pool(const at::Tensor& x);

/// Moves a network to its device and puts the weights of its convolutions in the memory order that
/// convolution() reads there without a copy.
void prepare(torch::nn::Module& network, c10::Device device);

/// Images [b, C, H, W] in the memory order that the first layer reads without a copy: for those
/// that pass through a network several times.
at::Tensor prepared(const at::Tensor& images);

}  // namespace al_mpi
