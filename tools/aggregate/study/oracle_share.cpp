#include <algorithm>
#include <cmath>
#include <utility>

#include "compare.hpp"

namespace al_mpi {

OracleShare share_of_gain(const std::vector<double>& strategy, const std::vector<double>& baseline,
                          const std::vector<double>& oracle, bool lower_better, double confidence,
                          const PairedBootstrap& bootstrap) {
  std::vector<double> gains = oriented(differences(oracle, baseline), lower_better);
  std::vector<double> mine = oriented(differences(strategy, baseline), lower_better);
  for (std::size_t seed = 0; seed < gains.size(); ++seed) {
    if (std::isnan(gains[seed] + mine[seed])) gains[seed] = mine[seed] = missing;
  }
  OracleShare result;
  const Sample gain = describe(gains);
  result.gain = gain.mean;
  result.gain_interval = bootstrap.mean(gains, confidence);
  if (!(gain.mean > 0.0)) return result;
  result.share = describe(mine).mean / gain.mean;
  if (!(result.gain_interval.low > 0.0)) return result;
  std::vector<double> shares;
  for (const std::vector<double>& means : bootstrap.means({mine, gains})) {
    shares.push_back(means[1] > 0.0 ? means[0] / means[1] : missing);
  }
  result.interval = percentile_interval(std::move(shares), confidence);
  return result;
}

}  // namespace al_mpi
