#include "stochastic.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include <ATen/ops/empty.h>

#include "acquisition.hpp"

namespace al_mpi {
namespace {

using Values = std::vector<double>;

/// ln of each weight at b = 1, of finite scores; `kind` is not none.
Values log_weights(const Values& scores, ScoreNoise kind) {
  Values result(scores.size());
  if (kind == ScoreNoise::power) {
    double lowest = 0.0;
    for (const double s : scores) lowest = std::min(lowest, s);
    std::transform(scores.begin(), scores.end(), result.begin(),
                   [&](double s) { return std::log(std::max(1e-12, s - lowest)); });
  } else if (kind == ScoreNoise::softmax) {
    result = scores;
  } else {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      result[order[rank]] = -std::log(static_cast<double>(rank + 1));
    }
  }
  return result;
}

}  // namespace

at::Tensor stochastic_scores(const QueryContext& context, const at::Tensor& scores) {
  if (context.options.stochastic == ScoreNoise::none) return scores;
  at::Tensor noisy = scores.to(at::kDouble).contiguous().clone();
  double* score = noisy.data_ptr<double>();
  // Non-finite scores would spoil the order of the others.
  Values finite;
  std::copy_if(score, score + noisy.numel(), std::back_inserter(finite),
               [](double s) { return std::isfinite(s); });
  const Values weights = log_weights(finite, context.options.stochastic);
  RngStream rng = context.rng("stochastic");
  auto weight = weights.begin();
  for (std::int64_t i = 0; i < noisy.numel(); ++i) {
    const double noise = rng.gumbel() / context.options.stochastic_beta;
    if (std::isfinite(score[i])) score[i] = *weight++ + noise;
  }
  return noisy;
}

Picks stochastic_bald(const QueryContext& context, ScoreNoise kind) {
  QueryOptions options = context.options;
  options.stochastic = kind;
  QueryContext noisy = context.about(context.unlabeled, context.n, options);
  return top_n(noisy, score_mc_probabilities(noisy, mutual_information));
}

}  // namespace al_mpi
