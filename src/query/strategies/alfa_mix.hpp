#pragma once

#include <ATen/core/Tensor.h>

#include <al_mpi/model/predictions.hpp>

namespace al_mpi {

/// Smallest mixing size epsilon at which the prediction changes, [n] float64; infinite where none
/// does.
///
/// Features z [n, d] mixed with an anchor z* become z + epsilon / sqrt(d) |z* - z| g / |g|, where g
/// is the gradient of the cross-entropy of the predicted class. anchors [K, d]: the farthest one
/// changes it first.
at::Tensor mixing_size_to_flip(const at::Tensor& features, const LinearHead& head,
                               const at::Tensor& anchors);

}  // namespace al_mpi
