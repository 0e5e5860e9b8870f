#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace al_mpi {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

/// Percentile bootstrap over seeds, paired: one object holds one set of resamples, so everything
/// asked of it (every round, every strategy, every difference) is resampled with the same seeds.
/// Reference: Efron & Tibshirani, An Introduction to the Bootstrap (1993), ch. 13.
class PairedBootstrap {
 public:
  /// `n` units (seeds), drawn n at a time with replacement, `resamples` times. The answer depends
  /// on these numbers alone. Holds n resamples bytes.
  explicit PairedBootstrap(std::size_t n, std::size_t resamples = 1000, std::int64_t seed = 1);

  /// Interval of the mean of `values` [n], NaN = this unit is missing. NaN where fewer than two are
  /// there, or all are equal: resamples of them tell nothing. `confidence` in (0, 1). O(n
  /// resamples).
  Interval mean(const std::vector<double>& values, double confidence = 0.95) const;

  /// The means of every row of `rows` [row][n] in every resample: [resample][row]. NaN where all
  /// units drawn are missing. For what is not a mean itself, such as where a mean curve crosses a
  /// value.
  std::vector<std::vector<double>> means(const std::vector<std::vector<double>>& rows) const;

 private:
  std::size_t n_;
  std::size_t resamples_;
  std::vector<std::uint8_t> counts_;  // [n, resamples]: how often unit i is in resample b (mean 1)
};

/// The middle `confidence` of what resamples gave: ends lie linearly between two of them, where
/// both are finite. A value that is not known (NaN) may be any: it widens both ends. NaN where
/// nothing is left to say: no values, or both ends infinite.
Interval percentile_interval(std::vector<double> values, double confidence);

}  // namespace al_mpi
