#pragma once

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// A dropout mask of `sizes` float32 on the CPU: 0 with probability `p`, else 1 / (1 - p).
at::Tensor dropout_mask(at::IntArrayRef sizes, double p, RngStream& rng);

}  // namespace al_mpi
