#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include "src/query/geometry/weighted_draw.hpp"
#include "src/query/scores/acquisition.hpp"

namespace al_mpi {
namespace {

constexpr double sharpness = 10.0;  // the paper's gamma

/// Probabilities of the candidates, of an image their mean over the pixels: [n, C] float64.
at::Tensor pooled_probabilities(QueryContext& context) {
  std::vector<at::Tensor> parts;
  context.predictions.each_probabilities(context.unlabeled, [&](std::int64_t, const at::Tensor& p) {
    parts.push_back(p.reshape({p.size(0), p.size(1), -1}).mean(2, false, at::kDouble));
  });
  return at::cat(parts).cpu();
}

}  // namespace

/// Unsure and unlike what was picked, drawn one by one: each candidate's distance is the least L1
/// distance of its class probabilities to those of the picks, at first its margin uncertainty u = 1
/// - (p1 - p2); the next pick is drawn with weights (d + u)^10, where d is that distance scaled to
/// 0 ... 1 over the candidates left. Images are compared by their mean probabilities. Score = d +
/// u. O(n N C). Reference: Gilhuber et al., FALCUN: a simple and efficient deep active learning
/// strategy (ECML PKDD 2024), algorithm 1.
Picks falcun(QueryContext& context) {
  const at::Tensor p = pooled_probabilities(context);
  const at::Tensor margin = (1.0 + margin_score(p)).contiguous();
  const std::vector<double> u(margin.data_ptr<double>(),
                              margin.data_ptr<double>() + margin.numel());
  std::vector<double> distance = u;
  std::vector<double> relevance(u.size());
  std::vector<double> weights(u.size());
  std::vector<bool> taken(u.size(), false);
  RngStream rng = context.rng("query");
  Picks rows;
  while (static_cast<std::int64_t>(rows.size()) < context.n) {
    double least = std::numeric_limits<double>::infinity(), most = -least;
    for (std::size_t i = 0; i < u.size(); ++i) {
      if (taken[i] || !std::isfinite(distance[i])) continue;
      least = std::min(least, distance[i]);
      most = std::max(most, distance[i]);
    }
    for (std::size_t i = 0; i < u.size(); ++i) {
      const double scaled = most > least ? (distance[i] - least) / (most - least) : 0.0;
      relevance[i] = std::isfinite(distance[i]) ? scaled + u[i] : distance[i];
      weights[i] = std::pow(relevance[i], sharpness);
    }
    const std::int64_t row = weighted_draw_untaken(weights, taken, rng);
    rows.push_back({row, relevance[static_cast<std::size_t>(row)]});
    taken[static_cast<std::size_t>(row)] = true;
    const at::Tensor apart = (p - p[row]).abs().sum(1).contiguous();
    const double* to_last = apart.data_ptr<double>();
    for (std::size_t i = 0; i < u.size(); ++i) {
      if (to_last[i] < distance[i]) distance[i] = to_last[i];  // NaN stays with its own row
    }
  }
  return global_picks(context, rows);
}

}  // namespace al_mpi
