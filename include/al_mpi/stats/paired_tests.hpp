#pragma once

#include <cstddef>
#include <vector>

#include "sample.hpp"

namespace al_mpi {

// Two strategies over the same seeds: a[i] and b[i] share initial set, initial weights and test
// set. Pairs with a NaN are left out. Differences that are all equal (or deviate by rounding) tell
// nothing of their deviation: then there is no statistic and no p.

/// A two-sided test of "no difference".
struct PairedTest {
  std::size_t n = 0;        ///< pairs used
  double difference = 0.0;  ///< mean of a - b
  double statistic = 0.0;   ///< t, or the sum of positive ranks W+
  double p = 0.0;           ///< NaN where n is too small to test, or differences do not vary
};

/// t = mean(d) / (std(d) / sqrt(n)), Student's t with n - 1 degrees of freedom; n >= 2.
/// Reference: Student, The probable error of a mean, Biometrika 6 (1908).
PairedTest paired_t(const std::vector<double>& a, const std::vector<double>& b);

/// Wilcoxon's signed ranks: zeros are dropped, ties share their mean rank, and p comes from the
/// exact distribution of W+ over all 2^n signs of those ranks (so ties stay exact); beyond 200
/// pairs from the normal approximation with tie and continuity correction. n >= 2; `n` counts zeros
/// too. Reference: Wilcoxon, Individual comparisons by ranking methods, Biometrics
/// Bulletin 1 (1945).
PairedTest wilcoxon_signed_rank(const std::vector<double>& a, const std::vector<double>& b);

/// Standardised mean difference of pairs with the small-sample correction: mean(d) / std(d) * J,
/// J = 1 - 3 / (4 (n - 1) - 1). NaN where n < 2 or the differences do not vary.
/// Reference: Hedges, Distribution theory for Glass's estimator, J. Educ. Stat. 6 (1981).
double hedges_g(const std::vector<double>& a, const std::vector<double>& b);

/// p of "a is at least `margin` worse than b" (one-sided t): small means no worse than b by
/// `margin` > 0.
double non_inferiority_p(const std::vector<double>& a, const std::vector<double>& b, double margin);

/// Two one-sided t-tests (TOST): is what a and b differ by smaller than a margin > 0? A p-value of
/// "no difference" that is large shows nothing; these, small, do.
/// Reference: Schuirmann, A comparison of the two one-sided tests procedure, J. Pharmacokin.
/// Biopharm. 15 (1987).
struct Equivalence {
  double not_lower = missing;   ///< p of "a is lower than b by `margin` or more"
  double not_higher = missing;  ///< p of "a is higher than b by `margin` or more"
  double both = missing;        ///< the larger of the two: small means equivalent
};
Equivalence equivalence(const std::vector<double>& a, const std::vector<double>& b, double margin);

/// Seeds on which a is higher, equal, lower.
struct WinTieLoss {
  int win = 0, tie = 0, loss = 0;
};
WinTieLoss win_tie_loss(const std::vector<double>& a, const std::vector<double>& b);

/// Holm's step-down adjustment of a family of p-values, same order: reject where the answer < alpha
/// and the chance of any false rejection stays below alpha. NaN stays NaN and does not count as a
/// test. Reference: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat.
/// 6 (1979).
std::vector<double> holm(const std::vector<double>& p);

}  // namespace al_mpi
