#include "alfa_mix.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include "src/query/geometry/distances.hpp"
#include "src/query/geometry/kmeans.hpp"
#include "src/query/geometry/weighted_draw.hpp"

namespace al_mpi {
namespace {

/// Mean features of the labelled samples of each class, [C, d]; where a class has none, of all;
/// without any labelled sample, of the candidates.
at::Tensor class_anchors(QueryContext& context, const at::Tensor& features,
                         std::int64_t n_classes) {
  if (context.labeled.empty()) return features.nan_to_num().mean(0, true);
  const at::Tensor labeled = context.predictions.features(context.labeled);
  at::Tensor anchors = labeled.mean(0, true).repeat({n_classes, 1});
  const at::Tensor labels = at::tensor(context.labels);
  for (std::int64_t c = 0; c < n_classes; ++c) {
    const at::Tensor rows = (labels == c).nonzero().squeeze(1);
    if (rows.numel() > 0) anchors[c].copy_(labeled.index_select(0, rows).mean(0));
  }
  return anchors;
}

/// Rows whose prediction flips at the first step, in multiples of `step` up to 1, that flips more
/// than n.
std::vector<std::int64_t> flipping_rows(const std::vector<double>& sizes, double step,
                                        std::int64_t n) {
  std::vector<std::int64_t> rows;
  for (double epsilon = step;; epsilon += step) {
    rows.clear();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] <= epsilon) rows.push_back(static_cast<std::int64_t>(i));
    }
    if (static_cast<std::int64_t>(rows.size()) > n || epsilon >= 1.0) return rows;
  }
}

}  // namespace

at::Tensor mixing_size_to_flip(const at::Tensor& features, const LinearHead& head,
                               const at::Tensor& anchors) {
  const at::Tensor z = features.to(at::kDouble);
  const at::Tensor w = head.weight.to(at::kDouble);
  const at::Tensor logits = at::linear(z, w, head.bias.to(at::kDouble));
  const at::Tensor predicted = logits.argmax(1, true);
  const at::Tensor residual =
      at::softmax(logits, 1) - at::one_hot(predicted.squeeze(1), logits.size(1));
  const at::Tensor gram = w.mm(w.t());
  const at::Tensor moved = residual.mm(gram);                               // W g
  const at::Tensor norm = (moved * residual).sum(1).clamp_min(0.0).sqrt();  // |g|
  const at::Tensor slope = moved / norm.unsqueeze(1);
  // The prediction flips where another logit catches up along the ray.
  const at::Tensor gap = logits.gather(1, predicted) - logits;
  const at::Tensor closing = slope - slope.gather(1, predicted);
  const double infinity = std::numeric_limits<double>::infinity();
  const at::Tensor lengths =
      (gap / closing).masked_fill((closing <= 0.0).logical_or(norm.unsqueeze(1) == 0.0), infinity);
  const at::Tensor length = lengths.scatter(1, predicted, infinity).amin(1);
  at::Tensor reach = at::empty({z.size(0)}, at::kDouble);  // distance to the farthest anchor
  PointSet(features).each_block(anchors, [&](std::int64_t first, const at::Tensor& squared) {
    reach.narrow(0, first, squared.size(0)).copy_(squared.amax(1).sqrt());
  });
  return length * std::sqrt(static_cast<double>(z.size(1))) / reach;
}

/// Candidates whose prediction changes when their features are mixed a little with a class's mean,
/// one from each of n k-means clusters of them; filled up at random where they are too few. The
/// mixing starts at query.alfa_mix_epsilon and grows until more than n change, at most to 1. Score
/// = minus the size that changes the prediction (at most 1). For a linear last layer the paper's
/// optimal mixing is a step along the gradient as long as the anchor is far, so its size has a
/// closed form. Reference: Parvaneh et al., Active learning by feature mixing (CVPR 2022),
/// equations 3-6, algorithm 1.
Picks alfa_mix(QueryContext& context) {
  const at::Tensor features = context.predictions.features(context.unlabeled);
  const LinearHead head = context.predictions.head();
  const at::Tensor anchors = class_anchors(context, features, head.weight.size(0));
  const at::Tensor sizes = mixing_size_to_flip(features, head, anchors).contiguous();
  const std::vector<double> size(sizes.data_ptr<double>(),
                                 sizes.data_ptr<double>() + sizes.numel());
  const std::vector<std::int64_t> rows =
      flipping_rows(size, context.options.alfa_mix_epsilon, context.n);

  RngStream rng = context.rng("query");
  Indices candidates;
  for (const std::int64_t row : rows) {
    candidates.push_back(context.unlabeled[static_cast<std::size_t>(row)]);
  }
  Picks picks;
  if (static_cast<std::int64_t>(rows.size()) > context.n) {
    const at::Tensor z = rows_of(features, rows);
    const QueryContext among{candidates,      context.labeled,     context.labels, context.n,
                             context.options, context.predictions, context.seed,   context.round};
    const at::Tensor unit = z / z.square().sum(1, true).sqrt().clamp_min(1e-12);
    for (const Pick& pick : kmeans_representatives(among, unit, rng)) {
      picks.push_back({rows[static_cast<std::size_t>(pick.index)], 0.0});
    }
  } else {
    for (const std::int64_t row : rows) picks.push_back({row, 0.0});
  }
  std::vector<bool> taken(size.size(), false);
  for (const Pick& pick : picks) taken[static_cast<std::size_t>(pick.index)] = true;
  std::vector<double> alike(size.size(), 1.0);
  for (std::size_t i = 0; i < size.size(); ++i) {
    if (std::isnan(size[i])) alike[i] = size[i];
  }
  while (static_cast<std::int64_t>(picks.size()) < context.n) {
    picks.push_back({weighted_draw_untaken(alike, taken, rng), 0.0});
    taken[static_cast<std::size_t>(picks.back().index)] = true;
  }
  for (Pick& pick : picks) pick.score = -std::min(1.0, size[static_cast<std::size_t>(pick.index)]);
  return global_picks(context, picks);
}

}  // namespace al_mpi
