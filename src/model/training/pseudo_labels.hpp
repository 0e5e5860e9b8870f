#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/data/pool.hpp>

namespace al_mpi {

/// Unlabelled samples and the class that each is taken for; ascending by index.
struct PseudoLabels {
  Indices indices;
  std::vector<std::int64_t> classes;
};

/// The samples whose largest probability is at least `threshold`. probs [n, C] float32, row i of
/// indices[i]; valid_classes [C]: the class of each column. A row with a NaN is not taken.
/// Reference: Lee, Pseudo-label (2013), with the threshold of FixMatch (Sohn et al. 2020).
PseudoLabels select_pseudo_labels(const at::Tensor& probs, const Indices& indices,
                                  const std::vector<std::int64_t>& valid_classes, double threshold);

}  // namespace al_mpi
