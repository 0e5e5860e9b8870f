#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>

#include "src/query/geometry/distance_traversal.hpp"
#include <al_mpi/query/query.hpp>

namespace al_mpi {
namespace {

/// What the network predicts where: row c of an image is the mean probability of the pixels
/// predicted as c, weighted by their entropy; of a classified sample, one row with its
/// probabilities.
struct Contexts {
  at::Tensor p;        // [n, R, C] float64, > 0
  at::Tensor present;  // [n, R] float64: 1 where the row exists
};

Contexts contexts_of(const at::Tensor& probabilities) {
  const at::Tensor p = probabilities.to(at::kDouble) + 1e-8;  // no logarithm of 0
  const std::int64_t n = p.size(0);
  const std::int64_t n_classes = p.size(1);
  if (p.dim() == 2) {
    return {p.unsqueeze(1), at::ones({n, 1}, p.options())};
  }
  const at::Tensor pixels = p.flatten(2);  // [n, C, HW]
  const at::Tensor entropy = -(pixels * pixels.log()).sum(1, true).clamp_max(-1e-12);
  const at::Tensor weights =
      at::one_hot(pixels.argmax(1), n_classes).transpose(1, 2) * entropy;  // [n, C, HW]
  const at::Tensor total = weights.sum(2);
  const at::Tensor rows = weights.bmm(pixels.transpose(1, 2)) / total.clamp_min(1e-12).unsqueeze(2);
  return {rows + 1e-8, (total > 0.0).to(at::kDouble)};
}

Contexts contexts(QueryContext& context, const Indices& indices) {
  std::vector<at::Tensor> p;
  std::vector<at::Tensor> present;
  context.predictions.each_probabilities(indices, [&](std::int64_t, const at::Tensor& batch) {
    for (std::int64_t i = 0; i < batch.size(0); i += 16) {  // memory of pixel maps
      const Contexts some =
          contexts_of(batch.narrow(0, i, std::min<std::int64_t>(16, batch.size(0) - i)));
      p.push_back(some.p);
      present.push_back(some.present);
    }
  });
  return {at::cat(p).cpu(), at::cat(present).cpu()};
}

/// Symmetric Kullback-Leibler divergence of all to one (a row of `other`), averaged over the
/// classes present in both, 0 where there is none; [n].
at::Tensor divergences(const Contexts& all, const at::Tensor& log_p, const Contexts& other,
                       std::int64_t row) {
  const at::Tensor q = other.p[row];
  const at::Tensor each = 0.5 * ((all.p - q) * (log_p - q.log())).sum(2);  // [n, R]
  const at::Tensor both = all.present * other.present[row];
  return (each * both).sum(1) / both.sum(1).clamp_min(1.0);
}

}  // namespace

/// Contextual diversity: farthest-first over what the network predicts, by the symmetric divergence
/// of class probabilities (of an image: of the mean probabilities around each predicted class).
/// Score = divergence to the nearest labelled or picked. Reference: Agarwal et al., Contextual
/// diversity for active learning (ECCV 2020), equations 1-3, the core-set variant. Differs from its
/// code: starts from the labelled set, not from a random sample.
Picks cdal(QueryContext& context) {
  const Contexts candidates = contexts(context, context.unlabeled);
  const at::Tensor log_p = candidates.p.log();
  DistanceTraversal traversal(tie_break_hashes(context, context.unlabeled));
  const at::Tensor unusable = log_p.sum({1, 2}).isnan().nonzero().squeeze(1);
  for (std::int64_t i = 0; i < unusable.numel(); ++i) {
    traversal.put_last(unusable[i].item<std::int64_t>());
  }
  if (!context.labeled.empty()) {
    const Contexts labeled = contexts(context, context.labeled);
    for (std::int64_t i = 0; i < labeled.p.size(0); ++i) {
      traversal.cover(divergences(candidates, log_p, labeled, i));
    }
  }
  Picks rows;
  while (static_cast<std::int64_t>(rows.size()) < context.n) {
    const std::int64_t row = traversal.farthest();
    rows.push_back({row, traversal.take(row)});
    traversal.cover(divergences(candidates, log_p, candidates, row));
  }
  return global_picks(context, rows);
}

}  // namespace al_mpi
