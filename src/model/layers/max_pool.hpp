#pragma once

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// at::max_pool2d over 3 x 3 pixels at every second pixel, with a border of one; pixel-major where
/// there are kernels (pixel_major.hpp).
at::Tensor max_pool(const at::Tensor& x);

}  // namespace al_mpi
