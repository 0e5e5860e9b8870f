#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace al_mpi {

// In this folder NaN marks a missing value. Every function leaves missing values out and says how
// many were left; with nothing to compute from it answers NaN, never a made-up number.

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// What a sample holds.
struct Sample {
  std::size_t n = 0;  ///< values that are not NaN
  double mean = 0.0;  ///< NaN where n = 0
  double std = 0.0;   ///< sample standard deviation (n - 1); NaN where n < 2
};

Sample describe(const std::vector<double>& values);

/// Whether a deviation of numbers of this size is no more than the rounding of single precision:
/// such a deviation tells nothing, neither does what is divided by it.
bool is_rounding(double deviation, double size);

/// Half the width of Student's interval of the mean with this confidence, in (0, 1); NaN where n
/// < 2.
double half_width(const Sample& sample, double confidence);

/// Standard deviation with divisor n (numpy's default, used by the reference's figures); 0 where n
/// = 1.
double population_std(const std::vector<double>& values);

/// The median; the mean of the two middle values where n is even.
double median(std::vector<double> values);

/// a[i] - b[i]; NaN where either is, 0 where they differ by rounding only (1e-12 of the larger).
/// Throws InternalError where the sizes differ.
std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b);

/// describe() of these differences; their deviation is 0 where it is_rounding() of a and b.
Sample describe_differences(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace al_mpi
