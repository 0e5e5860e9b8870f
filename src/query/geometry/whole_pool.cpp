#include "whole_pool.hpp"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "farthest_first.hpp"
#include "kmeans.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t many_clusters = 50;  // above, one start and a loose tolerance do

std::int64_t position(const Indices& ascending, std::int64_t index) {
  return std::lower_bound(ascending.begin(), ascending.end(), index) - ascending.begin();
}

}  // namespace

WholePool::WholePool(QueryContext& context)
    : indices_(context.unlabeled), restarts_(context.options.kmeans_restarts) {
  indices_.insert(indices_.end(), context.labeled.begin(), context.labeled.end());
  std::sort(indices_.begin(), indices_.end());
  is_labeled_.assign(indices_.size(), false);
  for (const std::int64_t index : context.labeled) is_labeled_[row_of(index)] = true;
  features_ = diversity_features(context, indices_);
}

void WholePool::scale_to_unit_length() {
  features_ = features_ / features_.square().sum(1, true).sqrt().clamp_min(1e-12);
}

std::size_t WholePool::row_of(std::int64_t index) const {
  return static_cast<std::size_t>(position(indices_, index));
}

std::vector<std::int64_t> WholePool::clusters(std::int64_t k, RngStream& rng) const {
  std::vector<std::int64_t> cluster(indices_.size(), -1);
  const std::vector<std::int64_t> rows = finite_rows(features_);
  if (rows.empty()) return cluster;
  KMeansOptions options;
  options.k = std::min(k, static_cast<std::int64_t>(rows.size()));
  options.restarts = restarts_;
  if (k > many_clusters) {
    options.restarts = 1;
    options.max_iterations = 20;
    options.tolerance = 1e-3;
  }
  const KMeans found = kmeans(rows_of(features_, rows), options, rng);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    cluster[static_cast<std::size_t>(rows[i])] = found.cluster[i];
  }
  return cluster;
}

void WholePool::add_farthest_first(const QueryContext& context, Picks& picks) const {
  const auto features_of = [&](const Indices& indices) {
    std::vector<std::int64_t> rows;
    for (const std::int64_t index : indices) {
      rows.push_back(static_cast<std::int64_t>(row_of(index)));
    }
    return rows_of(features_, rows);
  };
  if (static_cast<std::int64_t>(picks.size()) >= context.n) return;
  for (Pick& pick : picks) pick.index = position(context.unlabeled, pick.index);
  at::Tensor centers;
  if (!context.labeled.empty()) centers = features_of(context.labeled);
  al_mpi::add_farthest_first(context, features_of(context.unlabeled), centers, picks);
  picks = global_picks(context, picks);
}

}  // namespace al_mpi
