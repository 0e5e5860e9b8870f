#pragma once

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// What the labels of samples tell of a softmax layer's weights W [C, d] (logits = W h), as their
/// Fisher information: that of sample i is
///   I_i = (diag(p_i) - p_i p_i^T) kron h_i h_i^T,   [C d, C d], of rank C - 1,
/// kept as its factors. All float64. Reference: Ash et al., Gone fishing (NeurIPS 2021), section 4.
class FisherInformation {
 public:
  /// p [n, C] probabilities, h [n, d] features, all finite.
  FisherInformation(const at::Tensor& p, const at::Tensor& h);

  /// Sum over `rows` [m] int64: [C d, C d]. O(m C^2 d^2).
  at::Tensor sum(const at::Tensor& rows) const;

  /// By how much tr(S^-1 F) falls (where `weight` < 0: rises) when S becomes S + weight I_i, for
  /// each of `rows` [m], where `inverse` = S^-1 and `target` = F (both symmetric, F of no negative
  /// eigenvalue): [m], >= 0. Woodbury's identity leaves C equations a row: O(m (C^2 d^2 + C^3)).
  at::Tensor trace_changes(const at::Tensor& rows, const at::Tensor& inverse,
                           const at::Tensor& target, double weight) const;

 private:
  at::Tensor p_;  // [n, C]
  at::Tensor h_;  // [n, d]
};

}  // namespace al_mpi
