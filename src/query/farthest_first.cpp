#include <cmath>
#include <limits>

#include <al_mpi/base/error.hpp>
#include <al_mpi/query/farthest_first.hpp>

namespace al_mpi {

FarthestFirst::FarthestFirst(const at::Tensor& points, std::vector<std::uint64_t> ties)
    : points_(points), ties_(std::move(ties)), taken_(ties_.size(), false) {
  nearest_.assign(ties_.size(), std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < nearest_.size(); ++i) {
    if (!points_.is_finite(static_cast<std::int64_t>(i))) nearest_[i] = -1.0;
  }
}

void FarthestFirst::cover(const at::Tensor& centers) {
  cover_centered(points_.centered(centers));
}

void FarthestFirst::cover_centered(const at::Tensor& centers) {
  points_.each_block(centers, [&](std::int64_t first, const at::Tensor& distances) {
    const at::Tensor closest = centers.size(0) == 1 ? distances.select(1, 0) : distances.amin(1);
    const float* values = closest.data_ptr<float>();
    double* nearest = nearest_.data() + first;
    for (std::int64_t i = 0; i < closest.size(0); ++i) {
      if (values[i] < nearest[i]) nearest[i] = values[i];
    }
  });
}

double FarthestFirst::take(std::int64_t row) {
  const auto i = static_cast<std::size_t>(row);
  const double squared = nearest_[i];
  taken_[i] = true;
  if (points_.is_finite(row)) cover_centered(points_.points().narrow(0, row, 1));
  return std::isfinite(squared) && squared > 0.0 ? std::sqrt(squared) : 0.0;
}

std::int64_t FarthestFirst::farthest() const {
  std::size_t best = taken_.size();
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i]) continue;
    if (best == taken_.size() || nearest_[i] > nearest_[best] ||
        (nearest_[i] == nearest_[best] && ties_[i] > ties_[best])) {
      best = i;
    }
  }
  check(best < taken_.size(), "farthest point of none");
  return static_cast<std::int64_t>(best);
}

void add_farthest_first(const QueryContext& context, const at::Tensor& points,
                        const at::Tensor& centers, Picks& rows) {
  const auto wanted = static_cast<std::size_t>(context.n);
  if (rows.size() >= wanted) return;
  FarthestFirst traversal(points, tie_break_hashes(context, context.unlabeled));
  if (centers.defined() && centers.size(0) > 0) traversal.cover(centers);
  for (const Pick& pick : rows) traversal.take(pick.index);
  // Without a centre all are equally far: the seeded hash draws the first.
  while (rows.size() < wanted) {
    const std::int64_t row = traversal.farthest();
    rows.push_back({row, traversal.take(row)});
  }
}

}  // namespace al_mpi
