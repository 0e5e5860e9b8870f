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

  /// By how much tr(S^-1 F) falls when S becomes S + I_i, for each of `rows` [m], where `inverse` =
  /// S^-1 and `target` = F (both symmetric, F of no negative eigenvalue): [m], >= 0. Woodbury's
  /// identity leaves C equations a row: O(m (C^2 d^2 + C^3)).
  at::Tensor falls_with(const at::Tensor& rows, const at::Tensor& inverse,
                        const at::Tensor& target) const {
    return trace_changes(rows, inverse, target, 1.0);
  }
  /// By how much it rises when S becomes S - I_i.
  at::Tensor rises_without(const at::Tensor& rows, const at::Tensor& inverse,
                           const at::Tensor& target) const {
    return trace_changes(rows, inverse, target, -1.0);
  }

 private:
  at::Tensor trace_changes(const at::Tensor& rows, const at::Tensor& inverse,
                           const at::Tensor& target, double sign) const;

  at::Tensor p_;  // [n, C]
  at::Tensor h_;  // [n, d]
};

}  // namespace al_mpi
