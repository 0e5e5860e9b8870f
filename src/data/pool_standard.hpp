#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "band_moments.hpp"

namespace al_mpi {

/// The 10th, 50th and 90th percentile (nearest rank). Reorders `values`.
inline std::array<float, 3> percentiles_10_50_90(std::vector<float>& values) {
  const auto rank = [&](double q) {
    return values.begin() + std::lround(q * static_cast<double>(values.size() - 1));
  };
  const auto low = rank(0.1), middle = rank(0.5), high = rank(0.9);
  std::nth_element(values.begin(), middle, values.end());
  const float median = *middle;
  std::nth_element(values.begin(), low, middle);
  const float p10 = *low;
  std::nth_element(middle, high, values.end());
  return {p10, median, *high};
}

/// Means and deviations of the columns of the pool's rows [n, dim], by which rows of any split are
/// standardised.
class PoolStandard {
 public:
  PoolStandard(const std::vector<float>& pool, std::int64_t dim) : columns_(dim) {
    for (std::size_t i = 0; i < pool.size(); i += static_cast<std::size_t>(dim)) {
      columns_.add(pool.data() + i, 1);
    }
  }

  /// A column that is constant over the pool tells its samples apart nowhere: it becomes 0.
  void apply(std::vector<float>& rows) const {
    const auto mean = columns_.mean(), deviation = columns_.std_dev();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t column = i % mean.size();
      rows[i] = columns_.deviation(column) > 0 ? (rows[i] - mean[column]) / deviation[column] : 0;
    }
  }

 private:
  BandMoments columns_;
};

}  // namespace al_mpi
