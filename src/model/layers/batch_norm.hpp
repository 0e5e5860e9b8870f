#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

namespace al_mpi {

/// max(bn(x) + residual, 0): x, residual [b, C, H, W]; `residual` may be undefined, and without
/// `relu` there is no max. Equal to LibTorch's operations but for rounding. Where there are kernels
/// (pixel_major.hpp) and the layer normalises by the batch's own statistics, the three are two
/// passes over memory either way, and the result is pixel-major.
at::Tensor normalize(torch::nn::BatchNorm2d& bn, const at::Tensor& x, const at::Tensor& residual,
                     bool relu);

}  // namespace al_mpi
