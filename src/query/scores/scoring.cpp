#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <spdlog/spdlog.h>

#include "per_cost.hpp"
#include "pixel_reduce.hpp"
#include "stochastic.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/query/query.hpp>

namespace al_mpi {
namespace {

/// Numbers worked on at once in float64 (32 MiB): memory does not grow with the batch.
constexpr std::int64_t slice_numbers = std::int64_t{1} << 22;
/// The same on a GPU (512 MiB), where few operations on many numbers are fast.
constexpr std::int64_t slice_numbers_of_gpu = std::int64_t{1} << 26;

/// Scores [b] of one batch of passes [T, b, C, ...].
at::Tensor batch_scores(const QueryOptions& options, const at::Tensor& passes,
                        const ScoreFn& score) {
  const std::int64_t n = passes.size(1);
  const std::int64_t numbers = passes.is_cpu() ? slice_numbers : slice_numbers_of_gpu;
  const std::int64_t slice = std::max<std::int64_t>(1, numbers * n / passes.numel());
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < n; first += slice) {
    const at::Tensor p =
        passes.narrow(1, first, std::min(slice, n - first)).to(at::kDouble).clamp(1e-12, 1.0);
    at::Tensor scores = score(p);
    if (scores.dim() > 1) {
      at::Tensor predicted;
      if (options.pixel_reduction == PixelReduction::class_balanced)
        predicted = p.mean(0).argmax(1);
      scores = pixel_reduce(scores, predicted, options.pixel_reduction);
    }
    parts.push_back(scores);
  }
  return at::cat(parts);
}

/// Puts the scores of batches together where they are computed; they come to the CPU at once.
class Scores {
 public:
  explicit Scores(const QueryContext& context)
      : n_(static_cast<std::int64_t>(context.unlabeled.size())) {}

  void put(std::int64_t first, const at::Tensor& scores) {
    if (!all_.defined()) all_ = at::empty({n_}, scores.options());
    all_.narrow(0, first, scores.size(0)).copy_(scores);
  }
  at::Tensor all() const { return all_.defined() ? all_.cpu() : at::empty({n_}, at::kDouble); }

 private:
  std::int64_t n_;
  at::Tensor all_;  ///< [n] float64
};

struct Ranked {
  double score;  ///< -infinity where it is not finite
  std::uint64_t hash;
  std::int64_t row;
};

}  // namespace

at::Tensor score_probabilities(QueryContext& context, const ScoreFn& score) {
  Scores scores(context);
  const ScoreFn only_pass = [&](const at::Tensor& p) { return score(p.select(0, 0)); };
  context.predictions.each_probabilities(
      context.unlabeled, [&](std::int64_t first, const at::Tensor& p) {
        scores.put(first, batch_scores(context.options, p.unsqueeze(0), only_pass));
      });
  return scores.all();
}

at::Tensor score_mc_probabilities(QueryContext& context, const ScoreFn& score) {
  Scores scores(context);
  context.predictions.each_mc_probabilities(
      context.unlabeled, context.options.mc_passes, [&](std::int64_t first, const at::Tensor& p) {
        scores.put(first, batch_scores(context.options, p, score));
      });
  return scores.all();
}

at::Tensor score_mean_mc_probabilities(QueryContext& context, const ScoreFn& score) {
  return score_mc_probabilities(context, [&](const at::Tensor& p) { return score(p.mean(0)); });
}

std::vector<std::uint64_t> tie_break_hashes(const QueryContext& context, const Indices& indices) {
  const std::uint64_t salt = context.rng("tie_break")();
  std::vector<std::uint64_t> hashes;
  hashes.reserve(indices.size());
  for (const std::int64_t index : indices) {
    hashes.push_back(stable_hash(&index, sizeof index, salt));
  }
  return hashes;
}

Picks highest(const QueryContext& context, const at::Tensor& scores, std::int64_t n) {
  check(scores.dim() == 1 && scores.size(0) == static_cast<std::int64_t>(context.unlabeled.size()),
        "{} scores for {} candidates", scores.numel(), context.unlabeled.size());
  const at::Tensor values = scores.to(at::kDouble).contiguous();
  const std::vector<std::uint64_t> hashes = tie_break_hashes(context, context.unlabeled);
  std::vector<Ranked> ranked(hashes.size());
  std::size_t n_bad = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const double score = values.data_ptr<double>()[i];
    const bool finite = std::isfinite(score);
    n_bad += finite ? 0 : 1;
    ranked[i] = {finite ? score : -std::numeric_limits<double>::infinity(), hashes[i],
                 static_cast<std::int64_t>(i)};
  }
  if (n_bad > 0) {
    spdlog::warn("{} of {} acquisition scores are not finite; those samples come last", n_bad,
                 ranked.size());
  }
  n = std::min(n, static_cast<std::int64_t>(ranked.size()));
  std::partial_sort(ranked.begin(), ranked.begin() + n, ranked.end(),
                    [](const Ranked& a, const Ranked& b) {
                      return a.score != b.score ? a.score > b.score : a.hash > b.hash;
                    });
  Picks picks;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto row = static_cast<std::size_t>(ranked[static_cast<std::size_t>(i)].row);
    picks.push_back({context.unlabeled[row], values.data_ptr<double>()[row]});
  }
  return picks;
}

Picks top_n(const QueryContext& context, const at::Tensor& scores) {
  if (context.keep_scores) context.keep_scores(context.unlabeled, scores);
  return highest(context, stochastic_scores(context, scores_per_cost(context, scores)), context.n);
}

Picks global_picks(const QueryContext& context, Picks rows) {
  for (Pick& pick : rows) pick.index = context.unlabeled[static_cast<std::size_t>(pick.index)];
  return rows;
}

at::Tensor diversity_features(QueryContext& context, const Indices& indices) {
  if (context.round == 0) return context.predictions.embeddings(indices);
  if (context.options.features == DiversityFeatures::penultimate) {
    return context.predictions.features(indices);
  }
  return context.predictions.embeddings(indices);
}

}  // namespace al_mpi
