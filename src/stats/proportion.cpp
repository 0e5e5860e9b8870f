#include <al_mpi/stats/proportion.hpp>

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/normal.hpp>

#include <al_mpi/stats/sample.hpp>

namespace al_mpi {

Proportion wilson(std::int64_t n_hits, std::int64_t n, double confidence) {
  if (n == 0) return {missing, missing, missing};
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + confidence / 2);
  const auto total = static_cast<double>(n);
  const double share = static_cast<double>(n_hits) / total, square = z * z / total;
  const double center = (share + square / 2) / (1 + square);
  const double half =
      z / (1 + square) * std::sqrt(share * (1 - share) / total + square / (4 * total));
  // Rounding alone takes the ends of 0 of n and n of n beyond 0 and 1.
  return {share, std::max(0.0, center - half), std::min(1.0, center + half)};
}

}  // namespace al_mpi
