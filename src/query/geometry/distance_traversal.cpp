#include "distance_traversal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

DistanceTraversal::DistanceTraversal(std::vector<std::uint64_t> ties)
    : ties_(std::move(ties)),
      nearest_(ties_.size(), std::numeric_limits<double>::infinity()),
      taken_(ties_.size(), false) {}

void DistanceTraversal::put_last(std::int64_t row) {
  nearest_[static_cast<std::size_t>(row)] = -1.0;
}

void DistanceTraversal::cover(const at::Tensor& distances) {
  const at::Tensor values = distances.to(at::kDouble).contiguous();
  const double* distance = values.data_ptr<double>();
  for (std::size_t i = 0; i < nearest_.size(); ++i) {
    if (distance[i] < nearest_[i]) nearest_[i] = distance[i];
  }
}

std::int64_t DistanceTraversal::farthest() const {
  std::size_t best = nearest_.size();
  for (std::size_t i = 0; i < nearest_.size(); ++i) {
    if (taken_[i]) continue;
    if (best == nearest_.size() ||
        std::make_pair(nearest_[i], ties_[i]) > std::make_pair(nearest_[best], ties_[best])) {
      best = i;
    }
  }
  check(best < nearest_.size(), "farthest point of none");
  return static_cast<std::int64_t>(best);
}

double DistanceTraversal::take(std::int64_t row) {
  const auto i = static_cast<std::size_t>(row);
  taken_[i] = true;
  return std::isfinite(nearest_[i]) ? std::max(0.0, nearest_[i]) : 0.0;
}

}  // namespace al_mpi
