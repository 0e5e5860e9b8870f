#include <al_mpi/stats/power.hpp>

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {

double paired_t_power(std::size_t n, double difference, double std, double alpha) {
  check(n >= 2, "power of {} seeds", n);
  const auto degrees = static_cast<double>(n - 1);
  const double critical =
      boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), 0.5 * alpha));
  const double shift = std::abs(difference) / std * std::sqrt(static_cast<double>(n));
  if (!(shift < 100.0 * (1.0 + critical))) return 1.0;  // beyond the series' range, and certain
  const boost::math::non_central_t shifted(degrees, shift);
  return boost::math::cdf(boost::math::complement(shifted, critical)) +
         boost::math::cdf(shifted, -critical);
}

double seeds_needed(double difference, double std, const PowerOptions& options) {
  if (!(std > 0.0)) return missing;
  const boost::math::normal normal;
  const double z = boost::math::quantile(normal, 1.0 - 0.5 * options.alpha) +
                   boost::math::quantile(normal, options.power);
  // The normal approximation is a lower bound, one to three seeds short.
  const double bound = std::pow(z * std / difference, 2);
  auto n = static_cast<std::size_t>(std::max(2.0, std::floor(bound)));
  while (paired_t_power(n, difference, std, options.alpha) < options.power) ++n;
  return static_cast<double>(n);
}

}  // namespace al_mpi
