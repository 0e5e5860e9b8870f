#pragma once

#include <cstddef>
#include <vector>

#include "bootstrap.hpp"
#include "paired_tests.hpp"
#include "sample.hpp"

namespace al_mpi {

/// Two samples that share no seeds, of unequal deviations: the difference of their means.
/// Reference: Welch, The generalization of 'Student's' problem, Biometrika 34 (1947).
struct WelchTest {
  std::size_t n_a = 0, n_b = 0;  ///< values that are not NaN
  double difference = missing;   ///< mean of a - mean of b
  double error = missing;        ///< its standard error; NaN where n < 2 or nothing varies
  double degrees = missing;      ///< Welch and Satterthwaite's
  double p = missing;            ///< two-sided, of "no difference"

  double statistic() const { return difference / error; }
  Interval interval(double confidence) const;  ///< of the difference; `confidence` in (0, 1)
  Equivalence equivalence(double margin) const;
};

WelchTest welch(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace al_mpi
