#pragma once

#include <vector>

namespace al_mpi {

// A learning curve is two vectors of one length: `labels` [r], strictly rising, and `values` [r],
// NaN where a round has no value. Between two rounds a curve is a straight line; what lies beside a
// round without a value is not known, and never made up.

/// Area under the curve divided by the width: the mean height over the whole budget (trapezoids
/// over labels). NaN where a round has no value. One round only: its value.
double normalized_area(const std::vector<double>& labels, const std::vector<double>& values);

/// The same over [from, to] within the curve's range; the curve is cut linearly there. NaN where
/// the curve does not cover the range, or a round in it has no value. from = to: the height there.
double normalized_area(const std::vector<double>& labels, const std::vector<double>& values,
                       double from, double to);

/// Labels at which the best value so far reaches `target`, linearly between rounds; NaN where it
/// never does, or not before a round without a value.
double labels_to_reach(const std::vector<double>& labels, const std::vector<double>& values,
                       double target);

/// The same, but infinite where the whole curve is known and stays below `target`:
/// more labels than the sweep bought are needed.
double labels_to_reach_or_more(const std::vector<double>& labels, const std::vector<double>& values,
                               double target);

/// End of the ramp-up: labels at which the curve first has made `share` of its rise from the first
/// value to its highest one. What follows is the plateau. The first label where the curve never
/// rises.
double ramp_up_end(const std::vector<double>& labels, const std::vector<double>& values,
                   double share = 0.9);

/// Rounds in which more labels made the model worse.
struct Drops {
  int count = 0;         ///< values lower than the one before
  double largest = 0.0;  ///< biggest single fall, >= 0
  double total = 0.0;    ///< sum of all falls, >= 0
};

Drops drops(const std::vector<double>& values);

}  // namespace al_mpi
