#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "src/query/scores/acquisition.hpp"
#include "src/query/scores/joint_predictive.hpp"

namespace al_mpi {
namespace {

constexpr std::size_t at_once = 16;  // candidates evaluated in one product

struct Candidate {
  double bound;  ///< its gain when last evaluated: gains only fall as the batch grows
  std::uint64_t hash;
  std::int64_t row;
};

bool better(const Candidate& a, const Candidate& b) {
  return a.bound != b.bound ? a.bound > b.bound : a.hash > b.hash;
}

/// Candidates in the order of their gains, the first one's up to date.
void update_best(std::vector<Candidate>& candidates, const at::Tensor& p,
                 const JointPredictive& joint) {
  std::sort(candidates.begin(), candidates.end(), better);
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t first = 0; first < candidates.size(); first += at_once) {
    if (candidates[first].bound < best) break;
    const std::size_t last = std::min(first + at_once, candidates.size());
    std::vector<std::int64_t> rows;
    for (std::size_t i = first; i < last; ++i) rows.push_back(candidates[i].row);
    const at::Tensor gains = joint.gains(p.index_select(0, at::tensor(rows)))
                                 .nan_to_num(-std::numeric_limits<double>::infinity());
    for (std::size_t i = first; i < last; ++i) {
      candidates[i].bound = gains.data_ptr<double>()[i - first];
      best = std::max(best, candidates[i].bound);
    }
  }
  std::iter_swap(candidates.begin(),
                 std::min_element(candidates.begin(), candidates.end(), better));
}

/// Passes of the candidates, [K, T, C] float64.
at::Tensor passes_of(QueryContext& context, const Indices& indices) {
  const at::Tensor p = mc_probabilities(context.predictions, indices, context.options.mc_passes);
  return p.to(at::kDouble).clamp(1e-12, 1.0).transpose(0, 1).contiguous();
}

}  // namespace

/// The batch that is jointly most informative of the weights: greedy maximisation of the mutual
/// information of the batch's labels and the weights over query.mc_passes MC-dropout passes, so
/// that what one sample tells is not bought twice. Looks at the query.batch_bald_candidates best by
/// BALD; gains are evaluated lazily (they only fall). Score = gain in nats. Reference: Kirsch, van
/// Amersfoort & Gal, BatchBALD (NeurIPS 2019), algorithm 1; lazy greedy: Minoux (1978).
Picks batch_bald(QueryContext& context) {
  const QueryOptions& options = context.options;
  const std::int64_t kept = std::max(context.n, options.batch_bald_candidates);
  const at::Tensor scores = score_mc_probabilities(context, mutual_information);
  if (context.keep_scores) context.keep_scores(context.unlabeled, scores);
  Indices indices;
  for (const Pick& pick : highest(context, scores, kept)) indices.push_back(pick.index);
  std::sort(indices.begin(), indices.end());
  const at::Tensor p = passes_of(context, indices);
  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, indices);
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    candidates.push_back(
        {std::numeric_limits<double>::infinity(), hashes[i], static_cast<std::int64_t>(i)});
  }
  JointPredictive joint(options.mc_passes, options.batch_bald_configurations, context.rng("query"));
  Picks picks;
  while (static_cast<std::int64_t>(picks.size()) < context.n) {
    update_best(candidates, p, joint);
    const Candidate best = candidates.front();
    picks.push_back({indices[static_cast<std::size_t>(best.row)], best.bound});
    if (best.bound >= 0.0) joint.add(p[best.row]);  // else it is not finite
    candidates.erase(candidates.begin());
  }
  return picks;
}

}  // namespace al_mpi
