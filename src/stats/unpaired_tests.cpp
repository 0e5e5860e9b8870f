#include <al_mpi/stats/unpaired_tests.hpp>

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/students_t.hpp>

namespace al_mpi {
namespace {

/// P(T > t).
double upper_tail(double t, double degrees) {
  if (std::isnan(t)) return missing;
  return boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), t));
}

}  // namespace

WelchTest welch(const std::vector<double>& a, const std::vector<double>& b) {
  const Sample x = describe(a), y = describe(b);
  WelchTest test;
  test.n_a = x.n;
  test.n_b = y.n;
  test.difference = x.mean - y.mean;
  if (x.n < 2 || y.n < 2) return test;
  const auto n = static_cast<double>(x.n), m = static_cast<double>(y.n);
  const double of_a = x.std * x.std / n, of_b = y.std * y.std / m;
  const double error = std::sqrt(of_a + of_b);
  if (is_rounding(error, std::max(std::abs(x.mean), std::abs(y.mean)))) return test;
  test.error = error;
  test.degrees =
      (of_a + of_b) * (of_a + of_b) / (of_a * of_a / (n - 1.0) + of_b * of_b / (m - 1.0));
  test.p = 2.0 * upper_tail(std::abs(test.statistic()), test.degrees);
  return test;
}

Interval WelchTest::interval(double confidence) const {
  if (std::isnan(error)) return {missing, missing};
  const boost::math::students_t t(degrees);
  const double half = boost::math::quantile(t, 0.5 + 0.5 * confidence) * error;
  return {difference - half, difference + half};
}

Equivalence WelchTest::equivalence(double margin) const {
  if (std::isnan(error)) return {};
  const double not_lower = upper_tail((difference + margin) / error, degrees);
  const double not_higher = upper_tail((margin - difference) / error, degrees);
  return {not_lower, not_higher, std::max(not_lower, not_higher)};
}

}  // namespace al_mpi
