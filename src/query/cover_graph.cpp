#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/query/cover_graph.hpp>
#include <al_mpi/query/kmeans.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t max_edges = 100'000'000;
constexpr std::int64_t block_rows = 256;
constexpr std::int64_t n_anchors = 1000;

}  // namespace

CoverGraph cover_graph(const at::Tensor& points, double radius) {
  const std::int64_t n = points.size(0);
  const auto threshold = static_cast<float>(1.0 - radius * radius / 2.0);  // of the cosine
  CoverGraph graph(static_cast<std::size_t>(n));
  for (const std::int64_t i : finite_rows(points)) {
    graph[static_cast<std::size_t>(i)].push_back(static_cast<std::uint32_t>(i));
  }
  std::int64_t n_edges = n;
  for (std::int64_t first = 0; first < n; first += block_rows) {
    const std::int64_t rows = std::min(block_rows, n - first);
    // Each pair once: columns from the block's own rows on.
    const at::Tensor cosines =
        points.narrow(0, first, rows).mm(points.narrow(0, first, n - first).t()).contiguous();
    const float* cosine = cosines.data_ptr<float>();
    for (std::int64_t i = 0; i < rows; ++i, cosine += n - first) {
      for (std::int64_t j = i + 1; j < n - first; ++j) {
        if (!(cosine[j] > threshold)) continue;
        const auto a = static_cast<std::size_t>(first + i);
        const auto b = static_cast<std::size_t>(first + j);
        graph[a].push_back(static_cast<std::uint32_t>(b));
        graph[b].push_back(static_cast<std::uint32_t>(a));
        n_edges += 2;
      }
    }
    if (n_edges > max_edges) {
      throw ConfigError(
          "query.prob_cover_delta",
          fmt::format("balls of radius {:.3f} hold more than {} pairs of the pool's {} "
                      "samples (set a smaller one)",
                      radius, max_edges, n));
    }
  }
  return graph;
}

double pure_radius(const at::Tensor& points, const std::vector<std::int64_t>& cluster,
                   double purity, RngStream& rng) {
  const std::int64_t n = points.size(0);
  const std::vector<std::int64_t> anchors = rng.sample(n, std::min(n, n_anchors));
  const at::Tensor cosines = rows_of(points, anchors).mm(points.t()).contiguous();
  std::vector<double> radii;
  for (std::size_t a = 0; a < anchors.size(); ++a) {
    const float* cosine = cosines.data_ptr<float>() + static_cast<std::int64_t>(a) * n;
    const std::int64_t own = cluster[static_cast<std::size_t>(anchors[a])];
    if (own < 0) continue;  // not finite
    float nearest = -1.0F;  // the opposite point: distance 2
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      if (cluster[i] != own) nearest = std::max(nearest, cosine[i]);
    }
    radii.push_back(std::sqrt(std::max(0.0, 2.0 - 2.0 * static_cast<double>(nearest))));
  }
  if (radii.empty()) return 2.0;
  const auto allowed = static_cast<std::size_t>((1.0 - purity) * static_cast<double>(radii.size()));
  const std::size_t rank = std::min(allowed, radii.size() - 1);
  std::nth_element(radii.begin(), radii.begin() + static_cast<std::ptrdiff_t>(rank), radii.end());
  return radii[rank];
}

}  // namespace al_mpi
