#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include "src/query/geometry/gaussian_mixture.hpp"
#include "src/query/scores/fisher_information.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t matrix_size = 320;  // classes x inputs of the layer, unless asked for more

struct Sample {
  std::int64_t row;  ///< in the information of the whole pool
  std::uint64_t hash;
  double score;  ///< fall of the trace when it was added
};
using Samples = std::vector<Sample>;

at::Tensor rows_of_all(const Samples& samples) {
  std::vector<std::int64_t> rows;
  for (const Sample& sample : samples) rows.push_back(sample.row);
  return at::tensor(rows);
}

/// What the last layer sees: features [n, d] on their leading principal axes, and 1 for its bias.
at::Tensor layer_inputs(const QueryContext& context, const at::Tensor& features) {
  std::int64_t axes = context.options.bait_dimensions;
  if (axes == 0) {
    axes = std::max<std::int64_t>(1, matrix_size / context.predictions.n_classes() - 1);
  }
  RngStream rng = context.rng("query");
  const at::Tensor reduced = principal_components(features, axes, rng);
  return at::cat({reduced, at::ones({reduced.size(0), 1}, at::kDouble)}, 1);
}

/// Takes the sample of the largest value away, of equal ones the one of the largest hash. Equal to
/// the digits of float32: the rounding of products must not tell copies apart.
Sample take_largest(Samples& samples, const at::Tensor& values) {
  const at::Tensor rounded = values.to(at::kFloat).contiguous();
  const float* value = rounded.data_ptr<float>();
  std::size_t best = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const bool tie = value[i] == value[best];
    if (value[i] > value[best] || (tie && samples[i].hash > samples[best].hash)) best = i;
  }
  const Sample sample = samples[best];
  samples.erase(samples.begin() + static_cast<std::ptrdiff_t>(best));
  return sample;
}

/// n of the candidates (or all) that make tr(S^-1 target) small, where S = `start` + `weight` x
/// their information: 2n by greedy addition, then back to n by greedy removal.
Samples select(const FisherInformation& information, const at::Tensor& start, double weight,
               const at::Tensor& target, Samples candidates, std::size_t n) {
  // S is inverted anew in each step: beside the look at all candidates that costs next to nothing,
  // and no error builds up.
  at::Tensor sum = start;
  Samples chosen;
  while (chosen.size() < 2 * n && !candidates.empty()) {
    const at::Tensor falls =
        information.trace_changes(rows_of_all(candidates), at::linalg_inv(sum), target, weight);
    chosen.push_back(take_largest(candidates, falls));
    chosen.back().score = falls.max().item<double>();
    sum = sum + weight * information.sum(rows_of_all({chosen.back()}));
  }
  while (chosen.size() > n) {
    const at::Tensor rises =
        information.trace_changes(rows_of_all(chosen), at::linalg_inv(sum), target, -weight);
    sum = sum - weight * information.sum(rows_of_all({take_largest(chosen, -rises)}));
  }
  return chosen;
}

}  // namespace

/// The batch after which the last layer would be known best where the pool lies: minimises
/// tr((lambda + I_labelled + w I_batch)^-1 I_pool), I being the Fisher information of the layer's
/// weights and bias, summed over samples (I_pool: its mean over the whole pool), lambda
/// query.bait_ridge and w query.bait_weight, by adding 2n samples greedily and taking n of them
/// away again. Features are reduced to query.bait_dimensions principal axes. Score = fall of the
/// trace when the sample was added. O(n N (C^2 d^2 + C^3)) for N candidates.
/// Reference: Ash et al., Gone fishing: neural active learning with Fisher embeddings (NeurIPS
/// 2021), algorithm 1. With query.bait_ridge_on = mean and query.bait_weight = 0 lambda and w are
/// those of the authors' code: it adds lambda to the mean over L labelled and n picked samples, in
/// which each pick counts as n labelled ones: here lambda (L + n) on the sum, and w = n. Differs
/// from it still: the bias is part of the layer, features are reduced.
Picks bait(QueryContext& context) {
  Indices pool = context.unlabeled;
  pool.insert(pool.end(), context.labeled.begin(), context.labeled.end());
  const at::Tensor p = probabilities(context.predictions, pool).to(at::kDouble);
  const at::Tensor h = context.predictions.features(pool);
  const std::vector<std::int64_t> usable = finite_rows(at::cat({p, h}, 1));

  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
  Samples candidates, labeled;
  at::Tensor scores = at::full({static_cast<std::int64_t>(hashes.size())},
                               std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  for (std::size_t i = 0; i < usable.size(); ++i) {
    const auto place = static_cast<std::size_t>(usable[i]);
    const auto row = static_cast<std::int64_t>(i);
    if (place < hashes.size()) {
      candidates.push_back({row, hashes[place], 0.0});
      scores[usable[i]] = std::numeric_limits<double>::lowest();  // until chosen
    } else {
      labeled.push_back({row, 0, 0.0});
    }
  }
  if (!candidates.empty()) {
    const at::Tensor known = rows_of(p, usable);
    const FisherInformation information(known / known.sum(1, true),
                                        layer_inputs(context, rows_of(h, usable)));
    const auto n_pool = static_cast<std::int64_t>(usable.size());
    const at::Tensor target = information.sum(at::arange(n_pool)) / static_cast<double>(n_pool);
    const QueryOptions& options = context.options;
    const auto n = static_cast<double>(context.n);
    const double of_sum =
        options.bait_ridge_on == RidgeOn::mean ? static_cast<double>(labeled.size()) + n : 1.0;
    const at::Tensor start = information.sum(rows_of_all(labeled)) +
                             options.bait_ridge * of_sum * at::eye(target.size(0), at::kDouble);
    for (const Sample& sample :
         select(information, start, options.bait_weight > 0 ? options.bait_weight : n, target,
                candidates, static_cast<std::size_t>(context.n))) {
      scores[usable[static_cast<std::size_t>(sample.row)]] = sample.score;
    }
  }
  return highest(context, scores, context.n);
}

}  // namespace al_mpi
