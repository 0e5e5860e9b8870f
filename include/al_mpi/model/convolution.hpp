#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// at::conv2d without bias, [b, in, H, W] -> [b, out, h, w], made to be trained.
///
/// Over small output maps oneDNN is far from its peak (bench_model, small_map), and much of what it
/// multiplies is padding. There each tap of the kernel is one matrix product over the pixels that it
/// meets: the kernel's gradient up to 16 pixels, all three products up to 4 (of kernels with
/// more than 4096 pairs of channels: at::mm sums less than that in bfloat16). Equal to at::conv2d but
/// for the order of sums. Works under autocast.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding);

}  // namespace al_mpi
