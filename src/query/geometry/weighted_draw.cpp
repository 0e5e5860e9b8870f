#include "weighted_draw.hpp"

#include <algorithm>
#include <cmath>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

std::int64_t weighted_draw(const std::vector<double>& weights, RngStream& rng) {
  double total = 0.0;
  for (const double weight : weights) total += weight;
  if (!(total > 0.0)) return static_cast<std::int64_t>(rng.below(weights.size()));
  const double target = rng.uniform() * total;
  double sum = 0.0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0.0) continue;
    sum += weights[i];
    last = i;
    if (target < sum) break;
  }
  return static_cast<std::int64_t>(last);
}

std::int64_t weighted_draw_untaken(const std::vector<double>& weights,
                                   const std::vector<bool>& taken, RngStream& rng) {
  enum Class { positive, zero, bad, used };
  const auto class_of = [&](std::size_t i) {
    if (taken[i]) return used;
    if (!std::isfinite(weights[i])) return bad;
    return weights[i] > 0.0 ? positive : zero;
  };
  Class best = used;
  for (std::size_t i = 0; i < weights.size(); ++i) best = std::min(best, class_of(i));
  check(best != used, "draw of none");
  std::vector<double> eligible(weights.size(), 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (class_of(i) == best) eligible[i] = best == positive ? weights[i] : 1.0;
  }
  return weighted_draw(eligible, rng);
}

}  // namespace al_mpi
