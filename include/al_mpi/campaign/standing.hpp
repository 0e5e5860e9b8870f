#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <al_mpi/campaign/campaign.hpp>
#include <al_mpi/stats/proportion.hpp>

namespace al_mpi {

/// A trained round in the campaign's history.
struct RoundStanding {
  int round = 0;
  std::int64_t n_labeled = 0, n_tested = 0;
  Proportion accuracy;  ///< on the held-out answers of that time, 95 %; NaN where there were none
  double gain = 0;      ///< of accuracy over the round before; NaN at first
  double changed =
      0;  ///< share of the pool whose class is another than a round before; NaN at first
};

/// Labels of one class.
struct ClassStanding {
  std::string name;
  std::int64_t n_trained = 0, n_held_out = 0;
};

/// Where a campaign stands.
struct Standing {
  std::int64_t n_tiles = 0, n_asked = 0, n_labeled = 0, n_skipped = 0, n_disputed = 0, n_open = 0;
  std::vector<ClassStanding> classes;
  std::vector<RoundStanding> rounds;
  /// What another round of as many labels as the last one brings by the power law through the
  /// rounds' errors; NaN with fewer than three measured rounds.
  double expected_gain = 0;
  std::int64_t n_next = 0;  ///< labels that another round brings
  std::string verdict;      ///< is it worth it, in a sentence
};

/// "56.7 %", and "+8.3" for a difference of shares; "-" for NaN.
std::string percent(double share);
std::string points(double gain);

/// `least_gain`: accuracy that a round has to bring to be worth its labels.
Standing standing_of(const Campaign& campaign, double least_gain);

/// What `share` of error is left after n labels, by least squares in logarithms through (n, error):
/// a n^-b with b >= 0. Two points of different n at least.
struct PowerLaw {
  double a = 0, b = 0;
  double at(double n) const;
};
PowerLaw power_law(const std::vector<double>& n, const std::vector<double>& error);

/// Writes campaign.html into the campaign's folder: where it stands, the map so far, the tiles to
/// label, and what was answered.
void write_page(const Campaign& campaign, const Standing& standing);

}  // namespace al_mpi
