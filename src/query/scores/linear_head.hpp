#pragma once

#include <cstdint>
#include <limits>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// Features as a linear head takes them: centred and of variance 1 as the rows that it was made of
/// were (a column that is constant there becomes 0), and a column of ones for the bias.
class Standard {
 public:
  /// rows [n, d] float32, finite, n > 0.
  explicit Standard(const at::Tensor& rows);

  at::Tensor of(const at::Tensor& rows) const;  ///< [m, d] -> [m, d + 1]; non-finite numbers: 0

 private:
  at::Tensor mean_, scale_;  ///< [1, d]
};

struct HeadTraining {
  int most_steps = 0;
  double ridge = 0.0;  ///< times the sum of squared weights, is added to the mean loss
  double enough = -std::numeric_limits<double>::infinity();  ///< mean loss at which it ends
};

/// Weights [d, C] of a softmax regression of labels [n] on x [n, d]: Nesterov's gradient descent on
/// the mean cross-entropy from `start`. Deterministic. O(n d C) a step.
at::Tensor trained_head(const at::Tensor& x, const at::Tensor& labels, const at::Tensor& start,
                        const HeadTraining& training);

}  // namespace al_mpi
