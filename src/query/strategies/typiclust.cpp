#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/topk.h>

#include "src/query/geometry/distances.hpp"
#include "src/query/geometry/kmeans.hpp"
#include "src/query/geometry/whole_pool.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t max_clusters = 500;
constexpr std::int64_t max_neighbours = 20;
constexpr std::size_t smallest_cluster = 6;

struct Cluster {
  std::size_t size = 0;
  std::size_t n_labeled = 0;
  std::vector<std::int64_t> candidates;  // rows of the pool
};

/// Clusters in the order they take turns: fewest labels, then largest; tiny ones only if there are
/// no others.
std::vector<Cluster> ordered_clusters(const WholePool& pool,
                                      const std::vector<std::int64_t>& cluster) {
  std::vector<Cluster> clusters;
  for (std::size_t row = 0; row < cluster.size(); ++row) {
    if (cluster[row] < 0) continue;
    const auto c = static_cast<std::size_t>(cluster[row]);
    if (clusters.size() <= c) clusters.resize(c + 1);
    ++clusters[c].size;
    if (pool.is_labeled(row)) {
      ++clusters[c].n_labeled;
    } else {
      clusters[c].candidates.push_back(static_cast<std::int64_t>(row));
    }
  }
  const auto large = [](const Cluster& c) { return c.size >= smallest_cluster; };
  if (std::any_of(clusters.begin(), clusters.end(), large)) {
    clusters.erase(std::remove_if(clusters.begin(), clusters.end(),
                                  [&](const Cluster& c) { return !large(c); }),
                   clusters.end());
  }
  std::stable_sort(clusters.begin(), clusters.end(), [](const Cluster& a, const Cluster& b) {
    return a.n_labeled != b.n_labeled ? a.n_labeled < b.n_labeled : a.size > b.size;
  });
  return clusters;
}

/// 1 / mean distance of each point [m, d] to its min(20, m / 2) nearest others, [m] float32.
at::Tensor typicality(const at::Tensor& points) {
  const std::int64_t m = points.size(0);
  const std::int64_t k = std::clamp<std::int64_t>(m / 2, 1, std::min(max_neighbours, m - 1));
  const PointSet set(points);
  std::vector<at::Tensor> parts;
  set.each_block(set.points(), [&](std::int64_t, const at::Tensor& squared) {
    // One more, for the point itself at distance 0.
    const at::Tensor nearest = std::get<0>(at::topk(squared, k + 1, 1, /*largest=*/false));
    parts.push_back(nearest.sqrt().sum(1) / static_cast<double>(k));
  });
  return (at::cat(parts) + 1e-5).reciprocal();
}

Pick take_most_typical(const at::Tensor& features, Cluster& cluster,
                       const std::vector<std::uint64_t>& hashes) {
  std::vector<std::int64_t>& rows = cluster.candidates;
  std::size_t best = 0;
  float best_value = 0.0F;
  if (rows.size() > 1) {
    const at::Tensor values = typicality(rows_of(features, rows)).contiguous();
    const float* value = values.data_ptr<float>();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool tie = value[i] == best_value && hashes[static_cast<std::size_t>(rows[i])] >
                                                     hashes[static_cast<std::size_t>(rows[best])];
      if (value[i] > best_value || tie) {
        best = i;
        best_value = value[i];
      }
    }
  }
  const Pick pick{rows[best], best_value};
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(best));
  return pick;
}

}  // namespace

/// Typical samples of clusters not yet labelled, for the first rounds: k-means of the whole pool's
/// unit-length features into min(labelled + n, 500) clusters; those with the fewest labels, then
/// the largest, take turns; each gives its densest candidate, 1 / mean distance to its nearest
/// candidates. Score = that typicality. Reference: Hacohen, Dekel & Weinshall, Active learning on a
/// budget (ICML 2022), algorithm 1.
Picks typiclust(QueryContext& context) {
  WholePool pool(context);
  pool.scale_to_unit_length();
  RngStream rng = context.rng("query");
  const auto n_labeled = static_cast<std::int64_t>(context.labeled.size());
  const std::int64_t k = std::min({n_labeled + context.n, max_clusters, pool.size()});
  std::vector<Cluster> clusters = ordered_clusters(pool, pool.clusters(k, rng));

  Indices all;
  for (std::size_t row = 0; row < static_cast<std::size_t>(pool.size()); ++row) {
    all.push_back(pool.index_of(row));
  }
  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, all);
  Picks picks;
  bool any = true;
  while (any) {
    any = false;
    for (Cluster& cluster : clusters) {
      if (cluster.candidates.empty() || static_cast<std::int64_t>(picks.size()) == context.n)
        continue;
      Pick pick = take_most_typical(pool.features(), cluster, hashes);
      pick.index = pool.index_of(static_cast<std::size_t>(pick.index));
      picks.push_back(pick);
      any = true;
    }
  }
  pool.add_farthest_first(context, picks);
  return picks;
}

}  // namespace al_mpi
