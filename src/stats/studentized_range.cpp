#include <cmath>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/tools/toms748_solve.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/stats/rank_tests.hpp>

namespace al_mpi {

double studentized_range_cdf(double q, std::size_t k) {
  check(k >= 2, "range of {} variables", k);
  if (!(q > 0.0)) return 0.0;
  const boost::math::normal normal;
  const auto integrand = [&](double z) {  // z: the largest of the k
    const double others = boost::math::cdf(normal, z) - boost::math::cdf(normal, z - q);
    return boost::math::pdf(normal, z) * std::pow(others, static_cast<double>(k - 1));
  };
  constexpr double reach = 9.0;  // beyond it the density is below 1e-18
  using Rule = boost::math::quadrature::gauss_kronrod<double, 61>;
  return static_cast<double>(k) * Rule::integrate(integrand, -reach, reach, 6, 1e-12);
}

double studentized_range_quantile(double p, std::size_t k) {
  check(p > 0.0 && p < 1.0, "quantile of {}", p);
  const auto difference = [&](double q) { return studentized_range_cdf(q, k) - p; };
  double high = 1.0;
  while (difference(high) < 0.0 && high < 64.0) high *= 2.0;
  std::uintmax_t steps = 100;
  const auto root = boost::math::tools::toms748_solve(
      difference, 0.0, high, boost::math::tools::eps_tolerance<double>(40), steps);
  return 0.5 * (root.first + root.second);
}

}  // namespace al_mpi
