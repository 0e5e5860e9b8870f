#pragma once

#include <cstddef>
#include <vector>

namespace al_mpi {

/// Ranks of `scores`, 1 = highest; ties share their mean rank.
std::vector<double> ranks_descending(const std::vector<double>& scores);

/// Do k strategies differ over N blocks (a block: one data set, initial set and seed)?
struct Friedman {
  std::size_t blocks = 0;          ///< complete ones; those with a NaN are left out
  std::vector<double> mean_ranks;  ///< [k], 1 = best
  double chi2 = 0.0;               ///< corrected for ties; NaN where blocks < 2 or k < 2
  double f = 0.0;                  ///< Iman and Davenport's statistic
  double p = 0.0;                  ///< of f, with k - 1 and (k - 1)(N - 1) degrees of freedom
  // Where all blocks rank alike, f has no finite value (NaN) and p is exact: that all agree with
  // the first by chance. Where strategies are apart by as much in every block, there is neither.
};

/// `scores` [N][k], higher = better.
/// Reference: Friedman, JASA 32 (1937); Iman & Davenport, Commun. Stat. A9 (1980);
/// Demsar, Statistical comparisons of classifiers over multiple data sets, JMLR 7 (2006).
Friedman friedman(const std::vector<std::vector<double>>& scores);

/// Two of k mean ranks over N blocks differ at level `alpha` where they are further apart than
/// this: q(1 - alpha, k) / sqrt(2) * sqrt(k (k + 1) / (6 N)). Reference: Nemenyi (1963); Demsar
/// (2006), sec. 3.2.2.
double nemenyi_critical_difference(std::size_t k, std::size_t blocks, double alpha);

/// Distribution of the range of k standard normal variables (studentised range, infinite degrees of
/// freedom): k * integral of phi(z) (Phi(z) - Phi(z - q))^(k - 1) dz. k >= 2.
double studentized_range_cdf(double q, std::size_t k);
/// The quantile of studentized_range_cdf(), 0 < p < 1.
double studentized_range_quantile(double p, std::size_t k);

/// Maximal runs of strategies whose mean ranks lie within `critical_difference` of each other: the
/// bars of a critical-difference diagram. Indices into `mean_ranks`, best first; only runs of two
/// and more.
std::vector<std::vector<std::size_t>> indistinguishable_groups(
    const std::vector<double>& mean_ranks, double critical_difference);

}  // namespace al_mpi
