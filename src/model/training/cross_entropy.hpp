#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// Mean cross-entropy of logits [b, C] or [b, C, H, W] over the labels [b] or [b, H, W] that are
/// not `ignored`. A GPU gets maps as rows: LibTorch's own sum over maps differs there from time to
/// time.
at::Tensor mean_cross_entropy(const at::Tensor& logits, const at::Tensor& labels,
                              std::int64_t ignored);

/// The same over maps [b, C, H, W] as rows [b x H x W, C], on any device.
at::Tensor row_cross_entropy(const at::Tensor& logits, const at::Tensor& labels,
                             std::int64_t ignored);

}  // namespace al_mpi
