#include "herding.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "distances.hpp"
#include "kmeans.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t chunk = 1024;  // covered points a matrix product
constexpr double rounding = 1e-6;     // of sums of the kernel in float32

/// How well taken points cover all others, and how much more each further one would.
class KernelCover {
 public:
  KernelCover(const at::Tensor& points, at::Tensor weights, double sigma,
              const std::vector<std::int64_t>& taken)
      : points_(points),
        weights_(std::move(weights)),
        scale_(-1.0 / (sigma * sigma)),
        covered_(at::zeros({points_.size()}, at::kFloat)),
        gains_(at::zeros({points_.size()}, at::kDouble)) {
    if (!taken.empty()) cover(rows_of(points_.points(), taken));
    const at::Tensor rows = at::tensor(finite_rows(points_.points()));
    add_gains(rows, covered_, at::ones_like(covered_), 1.0);
  }

  /// Weighted sum of what a row would add to the cover; NaN for rows with non-finite values.
  double gain(std::size_t row) const { return gains_.data_ptr<double>()[row]; }
  double total_weight() const { return weights_.sum(at::kDouble).item<double>(); }

  void take(std::size_t row) {
    const at::Tensor before = covered_.clone();
    cover(points_.points().narrow(0, static_cast<std::int64_t>(row), 1));
    add_gains((covered_ > before).nonzero().squeeze(1), before, covered_, -1.0);
  }

 private:
  /// Covers all points by `centers` [m, d] besides what covers them already.
  void cover(const at::Tensor& centers) {
    points_.each_block(centers, [&](std::int64_t first, const at::Tensor& squared) {
      const at::Tensor kernel = (squared.amin(1) * scale_).exp();
      const at::Tensor part = covered_.narrow(0, first, kernel.size(0));
      part.copy_(at::where(kernel > part, kernel, part));  // NaN covers nothing
    });
  }

  /// To the gain of each point i: `sign` x the sum over `rows` j of the weighted part of K_ij that
  /// lies between low_j and high_j.
  void add_gains(const at::Tensor& rows, const at::Tensor& low, const at::Tensor& high,
                 double sign) {
    for (std::int64_t first = 0; first < rows.size(0); first += chunk) {
      const at::Tensor some = rows.narrow(0, first, std::min(chunk, rows.size(0) - first));
      const at::Tensor from = low.index_select(0, some);
      const at::Tensor to = high.index_select(0, some);
      const at::Tensor weight = weights_.index_select(0, some);
      points_.each_block(points_.points().index_select(0, some),
                         [&](std::int64_t begin, const at::Tensor& squared) {
                           const at::Tensor kernel = squared.mul(scale_).exp_();
                           const at::Tensor part = at::clamp(kernel, from, to).sub_(from);
                           gains_.narrow(0, begin, part.size(0)).add_(part.mv(weight), sign);
                         });
    }
  }

  PointSet points_;
  at::Tensor weights_;  // [N] float32
  double scale_;        // of squared distances in the exponent
  at::Tensor covered_;  // [N] float32: m_j
  at::Tensor gains_;    // [N] float64
};

}  // namespace

Picks herd(const QueryContext& context, const WholePool& pool, const at::Tensor& weights,
           double sigma) {
  std::vector<std::int64_t> labeled;
  for (const std::int64_t index : context.labeled) {
    labeled.push_back(static_cast<std::int64_t>(pool.row_of(index)));
  }
  KernelCover cover(pool.features(), weights, sigma, labeled);
  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
  std::vector<std::size_t> rows;
  for (const std::int64_t index : context.unlabeled) rows.push_back(pool.row_of(index));
  std::vector<bool> taken(rows.size(), false);
  const double nothing = rounding * cover.total_weight();

  Picks picks;
  while (static_cast<std::int64_t>(picks.size()) < context.n) {
    double most = 0.0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!taken[i] && cover.gain(rows[i]) > most) most = cover.gain(rows[i]);
    }
    if (most <= nothing) break;
    // Equal up to rounding is equal, so that copies are told apart by their hash alone.
    std::size_t best = rows.size();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (taken[i] || !(cover.gain(rows[i]) >= (1.0 - rounding) * most)) continue;
      if (best == rows.size() || hashes[i] > hashes[best]) best = i;
    }
    const double score = cover.gain(rows[best]) / static_cast<double>(pool.size());
    picks.push_back({context.unlabeled[best], score});
    taken[best] = true;
    cover.take(rows[best]);
  }
  pool.add_farthest_first(context, picks);
  return picks;
}

}  // namespace al_mpi
