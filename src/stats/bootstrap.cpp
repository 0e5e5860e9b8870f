#include <al_mpi/stats/bootstrap.hpp>

#include <algorithm>
#include <cmath>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

/// Linear between order statistics (type 7, as numpy); reorders `values`, which are not empty.
double quantile(std::vector<double>& values, double p) {
  const double position = p * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), values.begin() + lower, values.end());
  const double below = values[static_cast<std::size_t>(lower)];
  const double fraction = position - static_cast<double>(lower);
  if (fraction == 0.0) return below;
  const double above = *std::min_element(values.begin() + lower + 1, values.end());
  return below + fraction * (above - below);
}

}  // namespace

PairedBootstrap::PairedBootstrap(std::size_t n, std::size_t resamples, std::int64_t seed)
    : n_(n), resamples_(resamples), counts_(n * resamples, 0.0F) {
  for (std::size_t b = 0; b < resamples; ++b) {
    RngStream rng(seed, "bootstrap", b);
    for (std::size_t i = 0; i < n; ++i) counts_[rng.below(n) * resamples + b] += 1.0F;
  }
}

Interval PairedBootstrap::mean(const std::vector<double>& values, double confidence) const {
  check(values.size() == n_, "bootstrap of {} values over {} units", values.size(), n_);
  std::vector<double> sums(resamples_, 0.0), weights(resamples_, 0.0);
  std::size_t present = 0;
  for (std::size_t i = 0; i < n_; ++i) {
    const double value = values[i];
    if (std::isnan(value)) continue;
    ++present;
    const float* counts = &counts_[i * resamples_];
    for (std::size_t b = 0; b < resamples_; ++b) {
      const double count = counts[b];
      sums[b] += count * value;
      weights[b] += count;
    }
  }
  if (present < 2) {
    return {missing, missing};
  }
  std::vector<double> means;
  means.reserve(resamples_);
  for (std::size_t b = 0; b < resamples_; ++b) {
    if (weights[b] > 0.0) means.push_back(sums[b] / weights[b]);  // else only missing units drawn
  }
  const double tail = 0.5 * (1.0 - confidence);
  const double low = quantile(means, tail);
  return {low, quantile(means, 1.0 - tail)};
}

}  // namespace al_mpi
