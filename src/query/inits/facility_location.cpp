#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include "src/query/geometry/distances.hpp"
#include "src/query/geometry/farthest_first.hpp"
#include "src/query/geometry/kmeans.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t n_clients = 2000;

/// How much nearer the clients get with one more facility, the mean over them.
class Clients {
 public:
  /// distances [n, clients] float32 of each possible facility to each client.
  explicit Clients(at::Tensor distances)
      : distances_(std::move(distances)),
        nearest_(static_cast<std::size_t>(distances_.size(1)), distances_.max().item<float>()) {}

  double gain(std::int64_t facility) const {
    const float* distance = row(facility);
    float sum = 0.0F;
    for (std::size_t i = 0; i < nearest_.size(); ++i) {
      sum += std::max(0.0F, nearest_[i] - distance[i]);
    }
    return static_cast<double>(sum) / static_cast<double>(nearest_.size());
  }

  void open(std::int64_t facility) {
    const float* distance = row(facility);
    for (std::size_t i = 0; i < nearest_.size(); ++i)
      nearest_[i] = std::min(nearest_[i], distance[i]);
  }

 private:
  const float* row(std::int64_t facility) const {
    return distances_.data_ptr<float>() + facility * distances_.size(1);
  }

  at::Tensor distances_;
  std::vector<float> nearest_;
};

struct Facility {
  double bound;  ///< gain when last evaluated: gains only fall
  std::uint64_t hash;
  std::int64_t row;
};

bool worse(const Facility& a, const Facility& b) {
  return a.bound != b.bound ? a.bound < b.bound : a.hash < b.hash;
}

/// Euclidean distances of all points to a random 2000 of them (all, if fewer).
at::Tensor distances_to_clients(const PointSet& points, RngStream& rng) {
  const std::int64_t m = std::min(points.size(), n_clients);
  const at::Tensor clients = rows_of(points.points(), rng.sample(points.size(), m));
  at::Tensor distances = at::empty({points.size(), m}, at::kFloat);
  points.each_block(clients, [&](std::int64_t first, const at::Tensor& block) {
    distances.narrow(0, first, block.size(0)).copy_(block.sqrt());
  });
  return distances;
}

}  // namespace

/// Samples that leave no other far from its nearest one, on average: greedy maximisation of
/// facility location (k-medoids' objective) over the embeddings; the average is over 2000 random
/// samples of the pool. Score = fall of the mean distance. Lazy greedy, within 1 - 1/e of the
/// optimum. Reference: Wei, Iyer & Bilmes, Submodularity in data subset selection and active
/// learning (ICML 2015).
Picks init_facility_location(QueryContext& context) {
  const at::Tensor all = context.predictions.embeddings(context.unlabeled);
  const std::vector<std::int64_t> usable = finite_rows(all);
  Picks rows;
  if (!usable.empty()) {
    RngStream rng = context.rng("init");
    Clients clients(distances_to_clients(PointSet(rows_of(all, usable)), rng));
    const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
    std::vector<Facility> heap;
    for (std::size_t i = 0; i < usable.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      heap.push_back({clients.gain(row), hashes[static_cast<std::size_t>(usable[i])], row});
    }
    std::make_heap(heap.begin(), heap.end(), worse);
    while (!heap.empty() && static_cast<std::int64_t>(rows.size()) < context.n) {
      std::pop_heap(heap.begin(), heap.end(), worse);
      Facility& best = heap.back();
      best.bound = clients.gain(best.row);
      if (heap.size() > 1 && worse(best, heap.front())) {
        std::push_heap(heap.begin(), heap.end(), worse);
        continue;
      }
      rows.push_back({usable[static_cast<std::size_t>(best.row)], best.bound});
      clients.open(best.row);
      heap.pop_back();
    }
  }
  add_farthest_first(context, all, {}, rows);
  return global_picks(context, rows);
}

}  // namespace al_mpi
