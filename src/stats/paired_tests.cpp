#include <al_mpi/stats/paired_tests.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace al_mpi {
namespace {

constexpr std::size_t exact_limit =
    200;  // pairs; beyond it the normal approximation is good to 1e-4

/// P(T > t) of Student's t.
double upper_tail(double t, std::size_t degrees) {
  const boost::math::students_t distribution(static_cast<double>(degrees));
  return boost::math::cdf(boost::math::complement(distribution, t));
}

/// Whether there is a deviation to measure by: two values or more, which differ.
bool varies(const Sample& sample) {
  return sample.n >= 2 && sample.std > 0.0;
}

/// Mean over its standard error.
double t_statistic(const Sample& sample) {
  return sample.mean / (sample.std / std::sqrt(static_cast<double>(sample.n)));
}

/// 0.3 - 0.2 and 0.2 - 0.1 are one tie, although their bits differ.
bool tied(double a, double b) {
  return std::abs(std::abs(a) - std::abs(b)) <= 1e-9 * std::abs(a);
}

/// Absolute differences ranked: doubled mid-ranks, so that ties stay whole numbers.
struct SignedRanks {
  std::vector<std::size_t> doubled;  // of every nonzero difference
  std::size_t positive = 0;          // doubled W+
  double tie_term = 0.0;             // sum of t^3 - t over groups of ties
};

SignedRanks signed_ranks(std::vector<double> d) {
  d.erase(std::remove_if(d.begin(), d.end(), [](double x) { return std::isnan(x) || x == 0.0; }),
          d.end());
  std::sort(d.begin(), d.end(), [](double x, double y) { return std::abs(x) < std::abs(y); });
  SignedRanks result;
  for (std::size_t first = 0; first < d.size();) {
    std::size_t last = first;
    while (last + 1 < d.size() && tied(d[first], d[last + 1])) ++last;
    const std::size_t doubled = first + last + 2;  // 2 * mean of the ranks first+1 .. last+1
    for (std::size_t i = first; i <= last; ++i) {
      result.doubled.push_back(doubled);
      if (d[i] > 0.0) result.positive += doubled;
    }
    const auto ties = static_cast<double>(last - first + 1);
    result.tie_term += ties * ties * ties - ties;
    first = last + 1;
  }
  return result;
}

/// Two-sided p by the exact distribution: every sign of every rank is equally likely. O(n^3).
double exact_p(const SignedRanks& ranks) {
  const std::size_t top =
      std::accumulate(ranks.doubled.begin(), ranks.doubled.end(), std::size_t{0});
  std::vector<double> probability(top + 1, 0.0);
  probability[0] = 1.0;
  for (const std::size_t rank : ranks.doubled) {
    for (std::size_t w = top + 1; w-- > 0;) {
      const double with = w >= rank ? probability[w - rank] : 0.0;
      probability[w] = 0.5 * (probability[w] + with);
    }
  }
  const auto middle = probability.begin() + static_cast<std::ptrdiff_t>(ranks.positive);
  const double at_most = std::accumulate(probability.begin(), middle + 1, 0.0);
  const double at_least = std::accumulate(middle, probability.end(), 0.0);
  return std::min(1.0, 2.0 * std::min(at_most, at_least));
}

double approximate_p(const SignedRanks& ranks) {
  const auto n = static_cast<double>(ranks.doubled.size());
  const double w = 0.5 * static_cast<double>(ranks.positive);
  const double mean = n * (n + 1) / 4;
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - ranks.tie_term / 48;
  const double z = std::max(0.0, std::abs(w - mean) - 0.5) / std::sqrt(variance);
  return 2.0 * boost::math::cdf(boost::math::complement(boost::math::normal(), z));
}

}  // namespace

PairedTest paired_t(const std::vector<double>& a, const std::vector<double>& b) {
  const Sample d = describe_differences(a, b);
  if (!varies(d)) return {d.n, d.mean, missing, missing};
  const double t = t_statistic(d);
  return {d.n, d.mean, t, 2.0 * upper_tail(std::abs(t), d.n - 1)};
}

PairedTest wilcoxon_signed_rank(const std::vector<double>& a, const std::vector<double>& b) {
  const Sample sample = describe_differences(a, b);
  if (!varies(sample)) return {sample.n, sample.mean, missing, missing};
  const SignedRanks ranks = signed_ranks(differences(a, b));
  const double p = ranks.doubled.size() <= exact_limit ? exact_p(ranks) : approximate_p(ranks);
  return {sample.n, sample.mean, 0.5 * static_cast<double>(ranks.positive), p};
}

double hedges_g(const std::vector<double>& a, const std::vector<double>& b) {
  const Sample d = describe_differences(a, b);
  if (!varies(d)) return missing;
  const double correction = 1.0 - 3.0 / (4.0 * static_cast<double>(d.n - 1) - 1.0);
  return d.mean / d.std * correction;
}

double non_inferiority_p(const std::vector<double>& a, const std::vector<double>& b,
                         double margin) {
  Sample d = describe_differences(a, b);
  if (!varies(d)) return missing;
  d.mean += margin;
  return upper_tail(t_statistic(d), d.n - 1);
}

Equivalence equivalence(const std::vector<double>& a, const std::vector<double>& b, double margin) {
  const double not_lower = non_inferiority_p(a, b, margin);
  const double not_higher = non_inferiority_p(b, a, margin);
  return {not_lower, not_higher, std::max(not_lower, not_higher)};
}

WinTieLoss win_tie_loss(const std::vector<double>& a, const std::vector<double>& b) {
  WinTieLoss result;
  for (const double d : differences(a, b)) {
    if (d > 0.0) ++result.win;
    if (d == 0.0) ++result.tie;
    if (d < 0.0) ++result.loss;
  }
  return result;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return p[i] < p[j]; });
  std::vector<double> adjusted(p.size(), missing);
  double before = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    before = std::max(before, std::min(1.0, p[order[i]] * static_cast<double>(order.size() - i)));
    adjusted[order[i]] = before;
  }
  return adjusted;
}

}  // namespace al_mpi
