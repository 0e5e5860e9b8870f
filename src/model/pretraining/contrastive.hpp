#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// SimCLR's loss, NT-Xent: of two views a_i, b_i of image i each has to find the other among the
/// 2 b - 1 other views: mean over all views of -ln softmax(cosine / temperature) at its partner.
/// a, b [b, d] projections, b >= 2; gives a scalar. O(b^2 d).
/// Reference: Chen et al., A simple framework for contrastive learning (2020), equation 1.
at::Tensor nt_xent(const at::Tensor& a, const at::Tensor& b, double temperature);

/// MoCo's loss, InfoNCE: query i has to find key i among itself and the keys of `queue`. query, key
/// [b, d], queue [m, d] with rows of norm 1; no gradient flows to key and queue.
/// Reference: He et al., Momentum contrast (2020), equation 1.
at::Tensor info_nce(const at::Tensor& query, const at::Tensor& key, const at::Tensor& queue,
                    double temperature);

/// The keys of the last batches, first in, first out.
class KeyQueue {
 public:
  KeyQueue() = default;
  explicit KeyQueue(const at::Tensor& rows) : rows_(rows) {}  ///< [m, d]: what it begins with

  /// The oldest rows go, `keys` [b, d] come, scaled to norm 1.
  void push(const at::Tensor& keys);
  const at::Tensor& rows() const { return rows_; }  ///< [m, d], the oldest first

 private:
  at::Tensor rows_;
};

}  // namespace al_mpi
