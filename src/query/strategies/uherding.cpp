#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "src/query/geometry/distances.hpp"
#include "src/query/geometry/herding.hpp"
#include "src/query/geometry/kmeans.hpp"
#include "src/query/scores/acquisition.hpp"
#include "src/query/scores/calibration.hpp"

namespace al_mpi {
namespace {

/// The smallest positive distance between two points [m, d]; 1 where there is none.
double smallest_distance(const at::Tensor& points) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double smallest = infinity;  // squared
  PointSet(points).each_block(points, [&](std::int64_t, const at::Tensor& squared) {
    const at::Tensor apart = at::where(squared > 0.0, squared, at::tensor(infinity, at::kFloat));
    smallest = std::min(smallest, apart.min().item<double>());
  });
  return std::isfinite(smallest) ? std::sqrt(smallest) : 1.0;
}

/// Mean loss of the network on the labelled samples.
double training_loss(QueryContext& context) {
  double sum = 0.0;
  context.predictions.each_probabilities(
      context.labeled, [&](std::int64_t first, const at::Tensor& p) {
        const auto begin = context.labels.begin() + first;
        const at::Tensor labels = at::tensor(std::vector<std::int64_t>(begin, begin + p.size(0)));
        const at::Tensor of_label = p.cpu().to(at::kDouble).gather(1, labels.unsqueeze(1));
        sum -= of_label.clamp_min(1e-12).log().sum().item<double>();
      });
  return sum / static_cast<double>(context.labeled.size());
}

/// 1 where there are no labels, or none that can be learnt from.
double temperature(QueryContext& context, const at::Tensor& labeled) {
  if (context.labels.empty()) return 1.0;
  const std::vector<std::int64_t> usable = finite_rows(labeled);
  std::vector<std::int64_t> labels;
  for (const std::int64_t row : usable) {
    labels.push_back(context.labels[static_cast<std::size_t>(row)]);
  }
  const double loss = training_loss(context);
  if (usable.empty() || !std::isfinite(loss)) return 1.0;
  RngStream rng = context.rng("query");
  return held_out_temperature(rows_of(labeled, usable), labels, context.predictions.n_classes(),
                              loss, rng);
}

}  // namespace

/// Covers what the network is unsure of: max_herding with each sample weighted by its margin
/// uncertainty 1 - (p1 - p2), 0 for labelled ones. The kernel's width is the smallest positive
/// distance between labelled samples (1 without two), so that coverage counts while labels are few
/// and uncertainty when they are many. The probabilities are taken at the temperature of least
/// calibration error on held-out labelled samples; where there are no classes to compare with (no
/// labels, pixels) it is 1. Score = by how much the mean weighted cover rises. O(N^2 d) time, O(N
/// d) memory.
/// Reference: Bae et al., Uncertainty herding: one active learning method for all label budgets
/// (ICLR 2025). Differs from it: for the temperature the paper trains its network once more, on
/// some of the labelled samples; here a linear head on the diversity features stands for it,
/// trained as far as the network was (held_out_temperature()). With linear_probe that is the
/// network itself; beside a deep one, whose own features know all labelled samples, frozen
/// embeddings (query.features) keep the held-out samples unseen.
Picks uherding(QueryContext& context) {
  WholePool pool(context);
  pool.scale_to_unit_length();
  double sigma = 1.0, tau = 1.0;
  if (!context.labeled.empty()) {
    std::vector<std::int64_t> rows;
    for (const std::int64_t index : context.labeled) {
      rows.push_back(static_cast<std::int64_t>(pool.row_of(index)));
    }
    const at::Tensor labeled = rows_of(pool.features(), rows);
    sigma = smallest_distance(labeled);
    tau = temperature(context, labeled);
  }
  const at::Tensor uncertainty = score_probabilities(context, [&](const at::Tensor& p) {
    return 1.0 + margin_score(tau == 1.0 ? p : at_temperature(p, tau));
  });
  at::Tensor weights = at::zeros({pool.size()}, at::kFloat);
  std::vector<std::int64_t> rows;
  for (const std::int64_t index : context.unlabeled) {
    rows.push_back(static_cast<std::int64_t>(pool.row_of(index)));
  }
  weights.index_copy_(0, at::tensor(rows),
                      uncertainty.nan_to_num(0.0, 0.0, 0.0).clamp_min(0.0).to(at::kFloat));
  return herd(context, pool, weights, sigma);
}

}  // namespace al_mpi
