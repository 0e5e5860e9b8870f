#include "farthest_first.hpp"

#include <cmath>
#include <limits>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

FarthestFirst::FarthestFirst(const at::Tensor& points, std::vector<std::uint64_t> ties)
    : points_(points),
      ties_(std::move(ties)),
      nearest_(ties_.size(), std::numeric_limits<double>::infinity()),
      compared_(ties_.size(), 0),
      taken_(ties_.size(), false) {
  for (std::size_t i = 0; i < nearest_.size(); ++i) {
    if (!points_.is_finite(static_cast<std::int64_t>(i))) nearest_[i] = -1.0;
  }
  rank_all();
}

void FarthestFirst::rank_all() {
  std::vector<Candidate> all;
  all.reserve(nearest_.size());
  for (std::size_t i = 0; i < nearest_.size(); ++i) {
    if (!taken_[i]) all.push_back({nearest_[i], ties_[i], static_cast<std::int64_t>(i)});
  }
  queue_ = std::priority_queue<Candidate>({}, std::move(all));
}

void FarthestFirst::cover(const at::Tensor& centers) {
  points_.each_block(centers, [&](std::int64_t first, const at::Tensor& distances) {
    const at::Tensor closest = distances.amin(1);
    const float* values = closest.data_ptr<float>();
    double* nearest = nearest_.data() + first;
    for (std::int64_t i = 0; i < closest.size(0); ++i) {
      if (values[i] < nearest[i]) nearest[i] = values[i];
    }
  });
  rank_all();
}

double FarthestFirst::nearest_to(std::size_t row) {
  const float* point = points_.row(static_cast<std::int64_t>(row));
  for (std::size_t& next = compared_[row]; next < taken_rows_.size(); ++next) {
    const double distance = squared_distance(point, points_.row(taken_rows_[next]), points_.dim());
    if (distance < nearest_[row]) nearest_[row] = distance;
  }
  return nearest_[row];
}

double FarthestFirst::take(std::int64_t row) {
  const double squared = nearest_to(static_cast<std::size_t>(row));
  taken_[static_cast<std::size_t>(row)] = true;
  if (points_.is_finite(row)) taken_rows_.push_back(row);
  return std::isfinite(squared) && squared > 0.0 ? std::sqrt(squared) : 0.0;
}

std::int64_t FarthestFirst::farthest() {
  for (;;) {
    check(!queue_.empty(), "farthest point of none");
    Candidate top = queue_.top();
    const auto row = static_cast<std::size_t>(top.row);
    if (!taken_[row] && nearest_to(row) == top.bound) return top.row;
    queue_.pop();
    if (taken_[row]) continue;
    top.bound = nearest_[row];
    queue_.push(top);
  }
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
