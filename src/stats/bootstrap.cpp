#include <al_mpi/stats/bootstrap.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

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
  if (std::isinf(below) || std::isinf(above)) return fraction < 0.5 ? below : above;
  return below + fraction * (above - below);
}

}  // namespace

PairedBootstrap::PairedBootstrap(std::size_t n, std::size_t resamples, std::int64_t seed)
    : n_(n), resamples_(resamples), counts_(n * resamples, 0) {
  for (std::size_t b = 0; b < resamples; ++b) {
    RngStream rng(seed, "bootstrap", b);
    for (std::size_t i = 0; i < n; ++i) ++counts_[rng.below(n) * resamples + b];
  }
}

Interval PairedBootstrap::mean(const std::vector<double>& values, double confidence) const {
  check(values.size() == n_, "bootstrap of {} values over {} units", values.size(), n_);
  const Sample sample = describe(values);
  if (sample.n < 2 || is_rounding(sample.std, sample.mean)) return {missing, missing};
  // Deviations from the mean in single precision: four at a time, and their rounding is far below
  // the resampling error.
  std::vector<float> sums(resamples_, 0.0F), absent(resamples_, 0.0F);
  for (std::size_t i = 0; i < n_; ++i) {
    const std::uint8_t* counts = &counts_[i * resamples_];
    const bool known = !std::isnan(values[i]);
    const float deviation = known ? static_cast<float>(values[i] - sample.mean) : 1.0F;
    float* target = known ? sums.data() : absent.data();
    for (std::size_t b = 0; b < resamples_; ++b)
      target[b] += static_cast<float>(counts[b]) * deviation;
  }
  std::vector<double> means;
  means.reserve(resamples_);
  for (std::size_t b = 0; b < resamples_; ++b) {
    const double drawn = static_cast<double>(n_) - absent[b];
    if (drawn > 0.0) means.push_back(sample.mean + sums[b] / drawn);  // else only missing units
  }
  return percentile_interval(std::move(means), confidence);
}

std::vector<std::vector<double>> PairedBootstrap::means(
    const std::vector<std::vector<double>>& rows) const {
  std::vector<std::vector<double>> result(resamples_, std::vector<double>(rows.size(), missing));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    check(rows[row].size() == n_, "bootstrap of {} values over {} units", rows[row].size(), n_);
    for (std::size_t b = 0; b < resamples_; ++b) {
      double sum = 0.0, drawn = 0.0;
      for (std::size_t i = 0; i < n_; ++i) {
        if (std::isnan(rows[row][i])) continue;
        const double count = counts_[i * resamples_ + b];
        sum += count * rows[row][i];
        drawn += count;
      }
      if (drawn > 0.0) result[b][row] = sum / drawn;
    }
  }
  return result;
}

Interval percentile_interval(std::vector<double> values, double confidence) {
  if (values.empty()) return {missing, missing};
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const auto unknown = [](double value) { return std::isnan(value); };
  const double tail = 0.5 * (1.0 - confidence);
  std::vector<double> highest = values;
  std::replace_if(values.begin(), values.end(), unknown, -infinite);
  std::replace_if(highest.begin(), highest.end(), unknown, infinite);
  const Interval interval{quantile(values, tail), quantile(highest, 1.0 - tail)};
  const bool says_nothing = std::isinf(interval.low) && std::isinf(interval.high);
  return says_nothing ? Interval{missing, missing} : interval;
}

}  // namespace al_mpi
