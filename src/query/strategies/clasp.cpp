#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include "src/query/scores/acquisition.hpp"
#include "src/query/scores/stochastic.hpp"

namespace al_mpi {
namespace {

constexpr double stratified_share = 2.0 / 3.0;  // of a batch

/// Entropy of the pixels (a classified sample is one) that are predicted as class c, summed, over
/// the number of all pixels: [n, C] float64. A row's sum is the image's mean entropy.
at::Tensor entropy_by_class(QueryContext& context) {
  std::vector<at::Tensor> parts;
  context.predictions.each_probabilities(
      context.unlabeled, [&](std::int64_t, const at::Tensor& batch) {
        for (std::int64_t i = 0; i < batch.size(0); i += 16) {  // memory of pixel maps
          const at::Tensor some = batch.narrow(0, i, std::min<std::int64_t>(16, batch.size(0) - i));
          const at::Tensor p =
              some.to(at::kDouble).clamp(1e-12, 1.0).reshape({some.size(0), some.size(1), -1});
          const at::Tensor zeros = at::zeros({p.size(0), p.size(1)}, at::kDouble);
          // Added up on the CPU: a GPU would add in another order each time.
          parts.push_back(zeros.scatter_add(1, p.argmax(1).cpu(), entropy_score(p).cpu()) /
                          static_cast<double>(p.size(2)));
        }
      });
  return at::cat(parts);
}

/// Draws images one by one, none twice.
class Batch {
 public:
  explicit Batch(std::int64_t n) : n_(n) {}

  /// Takes the best of a ranking that is not taken yet. Returns false where none is left.
  bool take(const Picks& ranking) {
    const auto free = std::find_if(ranking.begin(), ranking.end(),
                                   [&](const Pick& pick) { return taken_.count(pick.index) == 0; });
    if (free == ranking.end() || size() == n_) return false;
    taken_.insert(free->index);
    picks_.push_back(*free);
    return true;
  }
  std::int64_t size() const { return static_cast<std::int64_t>(picks_.size()); }
  const Picks& picks() const { return picks_; }

 private:
  std::int64_t n_;
  std::set<std::int64_t> taken_;
  Picks picks_;
};

/// The images with pixels predicted as a class, by the noisy entropy of those pixels.
Picks ranking_of(const QueryContext& context, const at::Tensor& entropy,
                 const QueryOptions& options) {
  const at::Tensor rows = (entropy > 0.0).nonzero().squeeze(1);
  Indices candidates;
  for (std::int64_t i = 0; i < rows.numel(); ++i) {
    candidates.push_back(context.unlabeled[static_cast<std::size_t>(rows[i].item<std::int64_t>())]);
  }
  const QueryContext some = context.about(candidates, context.n, options);
  return highest(some, stochastic_scores(some, entropy.index_select(0, rows)), context.n);
}

}  // namespace

/// Class-stratified entropy with power noise: two thirds of the batch go round the predicted
/// classes, each taking the image with the most entropy on its pixels, so that rare classes get
/// their share; the rest goes by the entropy of all pixels. All scores carry power noise
/// (query.stochastic, if set, names another), whose inverse temperature starts at
/// query.stochastic_beta and doubles with every query: wide at first, near the top in the end.
/// Reference: ClaSP PE (nnActive, 2026), after Kirsch et al., Stochastic batch acquisition (2021).
/// Differs: whole images instead of patches, and a schedule that needs no number of rounds.
Picks clasp(QueryContext& context) {
  QueryOptions noise = context.options;
  if (noise.stochastic == ScoreNoise::none) noise.stochastic = ScoreNoise::power;
  noise.stochastic_beta *= std::exp2(context.round - 1);

  const at::Tensor entropy = entropy_by_class(context);
  const at::Tensor of_image = entropy.sum(1);
  if (context.keep_scores) context.keep_scores(context.unlabeled, of_image);
  std::vector<Picks> rankings;
  for (std::int64_t c = 0; c < entropy.size(1); ++c) {
    rankings.push_back(ranking_of(context, entropy.select(1, c), noise));
  }
  context.rng("query").shuffle(rankings);  // no class goes first in every round

  Batch batch(context.n);
  const auto n_stratified =
      static_cast<std::int64_t>(std::llround(stratified_share * static_cast<double>(context.n)));
  for (bool any = true; any && batch.size() < n_stratified;) {
    any = false;
    for (const Picks& ranking : rankings) {
      if (batch.size() < n_stratified) any = batch.take(ranking) || any;
    }
  }
  const QueryContext all = context.about(context.unlabeled, context.n, noise);
  const Picks by_image = highest(all, stochastic_scores(all, of_image), context.n);
  while (batch.take(by_image)) {
  }
  return batch.picks();
}

}  // namespace al_mpi
