#include "ball_cover.hpp"

#include <algorithm>
#include <cmath>

#include "kmeans.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t tile_rows = 256, tile_columns = 4096;  // 4 MiB of cosines
constexpr std::int64_t n_anchors = 1000, anchors_at_once = 50;

using Rows = std::vector<std::int64_t>;

/// fn(first row, first column, rows, columns, cosines [rows, columns]) for every tile of a product;
/// `upper`: a and b are the same, and tiles wholly below the diagonal are left out.
template <class Fn>
void each_tile(const at::Tensor& a, const at::Tensor& b, bool upper, const Fn& fn) {
  for (std::int64_t i = 0; i < a.size(0); i += tile_rows) {
    const std::int64_t rows = std::min(tile_rows, a.size(0) - i);
    for (std::int64_t j = upper ? i : 0; j < b.size(0); j += tile_columns) {
      const std::int64_t columns = std::min(tile_columns, b.size(0) - j);
      const at::Tensor cosines = a.narrow(0, i, rows).mm(b.narrow(0, j, columns).t()).contiguous();
      fn(i, j, rows, columns, cosines.data_ptr<float>());
    }
  }
}

}  // namespace

BallCover::BallCover(at::Tensor points, double radius, const std::vector<std::int64_t>& taken)
    : points_(std::move(points)),
      threshold_(static_cast<float>(1.0 - radius * radius / 2.0)),
      finite_(finite_rows(points_)),
      covered_(static_cast<std::size_t>(points_.size(0)), true),
      taken_(covered_.size(), false),
      gain_(covered_.size(), 0) {
  for (const std::int64_t row : finite_) covered_[static_cast<std::size_t>(row)] = false;
  for (const std::int64_t row : taken) taken_[static_cast<std::size_t>(row)] = true;
  cover(taken);
  Rows rest;
  for (const std::int64_t row : finite_) {
    if (!covered_[static_cast<std::size_t>(row)]) rest.push_back(row);
  }
  count(rest, 1);
}

/// Marks what the balls of these rows hold.
void BallCover::cover(const Rows& centers) {
  each_tile(rows_of(points_, centers), points_, false,
            [&](std::int64_t, std::int64_t j, std::int64_t rows, std::int64_t columns,
                const float* cosine) {
              for (std::int64_t i = 0; i < rows; ++i, cosine += columns) {
                for (std::int64_t c = 0; c < columns; ++c) {
                  if (cosine[c] > threshold_) covered_[static_cast<std::size_t>(j + c)] = true;
                }
              }
            });
  for (const std::int64_t row : centers) covered_[static_cast<std::size_t>(row)] = true;
}

/// Adds to (takes from) each ball the number of these rows that it holds. A pair of them is one
/// cosine for both; a row lies in its own ball, however its cosine is rounded.
void BallCover::count(const Rows& members, std::int32_t sign) {
  std::vector<bool> is_member(gain_.size(), false);
  for (const std::int64_t row : members) is_member[static_cast<std::size_t>(row)] = true;
  Rows others;
  for (const std::int64_t row : finite_) {
    if (!is_member[static_cast<std::size_t>(row)]) others.push_back(row);
  }
  const at::Tensor inside = rows_of(points_, members);
  std::vector<std::int32_t> hits(members.size(), 1);
  each_tile(inside, inside, true,
            [&](std::int64_t first, std::int64_t j, std::int64_t rows, std::int64_t columns,
                const float* cosine) {
              for (std::int64_t i = first; i < first + rows; ++i, cosine += columns) {
                std::int32_t own = 0;
                for (std::int64_t c = std::max<std::int64_t>(0, i + 1 - j); c < columns; ++c) {
                  const std::int32_t near = cosine[c] > threshold_ ? 1 : 0;
                  own += near;
                  hits[static_cast<std::size_t>(j + c)] += near;
                }
                hits[static_cast<std::size_t>(i)] += own;
              }
            });
  for (std::size_t i = 0; i < members.size(); ++i) {
    gain_[static_cast<std::size_t>(members[i])] += sign * hits[i];
  }
  each_tile(rows_of(points_, others), inside, false,
            [&](std::int64_t first, std::int64_t, std::int64_t rows, std::int64_t columns,
                const float* cosine) {
              for (std::int64_t i = first; i < first + rows; ++i, cosine += columns) {
                std::int32_t own = 0;
                for (std::int64_t c = 0; c < columns; ++c) own += cosine[c] > threshold_ ? 1 : 0;
                gain_[static_cast<std::size_t>(others[static_cast<std::size_t>(i)])] += sign * own;
              }
            });
}

void BallCover::take(std::size_t row) {
  taken_[row] = true;
  const std::vector<bool> before = covered_;
  cover({static_cast<std::int64_t>(row)});
  Rows covered_now, rest;
  for (const std::int64_t i : finite_) {
    const auto at = static_cast<std::size_t>(i);
    if (!covered_[at]) rest.push_back(i);
    if (covered_[at] && !before[at]) covered_now.push_back(i);
  }
  if (covered_now.size() <= rest.size()) return count(covered_now, -1);
  std::fill(gain_.begin(), gain_.end(), 0);
  count(rest, 1);
}

double pure_radius(const at::Tensor& points, const std::vector<std::int64_t>& cluster,
                   double purity, RngStream& rng) {
  const std::int64_t n = points.size(0);
  const std::vector<std::int64_t> anchors = rng.sample(n, std::min(n, n_anchors));
  std::vector<double> radii;
  for (std::size_t first = 0; first < anchors.size(); first += anchors_at_once) {
    const auto begin = anchors.begin() + static_cast<std::ptrdiff_t>(first);
    const Rows some(begin,
                    begin + std::min<std::ptrdiff_t>(anchors_at_once, anchors.end() - begin));
    const at::Tensor cosines = rows_of(points, some).mm(points.t()).contiguous();
    const float* cosine = cosines.data_ptr<float>();
    for (const std::int64_t anchor : some) {
      const std::int64_t own = cluster[static_cast<std::size_t>(anchor)];
      float nearest = -1.0F;  // the opposite point: distance 2
      for (std::size_t i = 0; i < cluster.size(); ++i) {
        if (cluster[i] != own) nearest = std::max(nearest, cosine[i]);
      }
      cosine += n;
      if (own < 0) continue;  // not finite
      radii.push_back(std::sqrt(std::max(0.0, 2.0 - 2.0 * static_cast<double>(nearest))));
    }
  }
  if (radii.empty()) return 2.0;
  const auto allowed = static_cast<std::size_t>((1.0 - purity) * static_cast<double>(radii.size()));
  const std::size_t rank = std::min(allowed, radii.size() - 1);
  std::nth_element(radii.begin(), radii.begin() + static_cast<std::ptrdiff_t>(rank), radii.end());
  return radii[rank];
}

}  // namespace al_mpi
