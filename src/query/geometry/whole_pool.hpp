#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Diversity features of labelled and unlabelled samples together, rows by ascending global index.
class WholePool {
 public:
  explicit WholePool(QueryContext& context);

  std::int64_t size() const { return static_cast<std::int64_t>(indices_.size()); }
  const at::Tensor& features() const { return features_; }  ///< [N, d] float32
  void scale_to_unit_length();                              ///< L2, each row

  std::size_t row_of(std::int64_t index) const;
  std::int64_t index_of(std::size_t row) const { return indices_[row]; }
  bool is_labeled(std::size_t row) const { return is_labeled_[row]; }

  /// k-means cluster of each row; -1 for rows with non-finite features. 1 <= k; at most one a row
  /// is used.
  std::vector<std::int64_t> clusters(std::int64_t k, RngStream& rng) const;

  /// Adds the candidates farthest from all labelled and picked until there are context.n picks.
  void add_farthest_first(const QueryContext& context, Picks& picks) const;

 private:
  Indices indices_;
  std::vector<bool> is_labeled_;
  at::Tensor features_;
  std::int64_t restarts_;
};

}  // namespace al_mpi
