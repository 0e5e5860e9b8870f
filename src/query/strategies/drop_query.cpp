#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include "src/query/geometry/kmeans.hpp"

namespace al_mpi {
namespace {

constexpr int n_passes = 3;
constexpr std::int64_t wanted_candidates = 25;  // times n
constexpr std::int64_t rows_at_once = 4096;

/// Keeps each number with probability 1/4 and makes it four times as large, the others 0: dropout
/// at the paper's rate of 0.75. Two random bits a number.
at::Tensor dropped_out(const at::Tensor& features, RngStream& rng) {
  at::Tensor kept = at::empty(features.sizes(), at::kFloat);
  float* factor = kept.data_ptr<float>();
  for (std::int64_t i = 0; i < kept.numel(); i += 32) {
    std::uint64_t bits = rng();
    const std::int64_t end = std::min(kept.numel(), i + 32);
    for (std::int64_t j = i; j < end; ++j, bits >>= 2) factor[j] = (bits & 3U) == 0 ? 4.0F : 0.0F;
  }
  return features * kept;
}

/// In how many passes the predicted class of a sample differs from that without dropout, [n] int64;
/// -1 for non-finite features.
at::Tensor changed_passes(const at::Tensor& features, const LinearHead& head, RngStream& rng) {
  at::Tensor changes = at::zeros({features.size(0)}, at::kLong);
  for (std::int64_t first = 0; first < features.size(0); first += rows_at_once) {
    const std::int64_t n = std::min(rows_at_once, features.size(0) - first);
    const at::Tensor z = features.narrow(0, first, n);
    at::Tensor part = changes.narrow(0, first, n);
    const at::Tensor predicted = at::linear(z, head.weight, head.bias).argmax(1);
    for (int pass = 0; pass < n_passes; ++pass) {
      const at::Tensor logits = at::linear(dropped_out(z, rng), head.weight, head.bias);
      part.add_(logits.argmax(1) != predicted);
    }
    part.masked_fill_(at::isfinite(z).all(1).logical_not(), -1);
  }
  return changes;
}

/// Rows that change in more than half of the passes; where there are fewer than 25 n of them, in
/// any pass; where fewer than n, others, too.
std::vector<std::int64_t> inconsistent_rows(const std::int64_t* changes, std::size_t size,
                                            std::int64_t n) {
  std::vector<std::int64_t> rows;
  for (int threshold = n_passes / 2 + 1; threshold >= -1; --threshold) {
    rows.clear();
    for (std::size_t i = 0; i < size; ++i) {
      if (changes[i] >= threshold) rows.push_back(static_cast<std::int64_t>(i));
    }
    const std::int64_t wanted = threshold > 1 ? wanted_candidates * n : n;
    if (static_cast<std::int64_t>(rows.size()) >= wanted) break;
  }
  return rows;
}

}  // namespace

/// Candidates whose predicted class changes when three quarters of their features are dropped, in
/// more than half of three passes (where these are fewer than 25 n, in any); of n k-means clusters
/// of their unit-length features the one nearest to each centre. Each sample has its own
/// masks, and the network needs no dropout of its own. Score = share of the passes that change the
/// class. Reference: Gupte et al., Revisiting active learning in the era of vision foundation
/// models (TMLR 2024), algorithm 1.
Picks drop_query(QueryContext& context) {
  const at::Tensor features = context.predictions.features(context.unlabeled).contiguous();
  RngStream rng = context.rng("query");
  const at::Tensor counts = changed_passes(features, context.predictions.head(), rng).contiguous();
  const std::int64_t* changes = counts.data_ptr<std::int64_t>();
  const std::vector<std::int64_t> rows =
      inconsistent_rows(changes, context.unlabeled.size(), context.n);
  Indices candidates;
  for (const std::int64_t row : rows) {
    candidates.push_back(context.unlabeled[static_cast<std::size_t>(row)]);
  }
  const QueryContext among = context.about(candidates, context.n, context.options);
  const at::Tensor z = rows_of(features, rows);
  const at::Tensor unit = z / z.square().sum(1, true).sqrt().clamp_min(1e-12);
  Picks picks = kmeans_representatives(among, unit, rng);
  for (Pick& pick : picks) {
    pick.index = rows[static_cast<std::size_t>(pick.index)];
    pick.score = std::max<double>(0.0, static_cast<double>(changes[pick.index])) / n_passes;
  }
  return global_picks(context, picks);
}

}  // namespace al_mpi
