#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

inline constexpr std::int64_t statistics_a_band = 7;

/// A frozen embedding that needs no network, [n, D] float32 row-major, D = 7 * channels. Per band,
/// in order: mean, standard deviation, 10th, 50th and 90th percentile (nearest rank), and the mean
/// absolute difference of horizontal and of vertical neighbours (texture). Every column is
/// standardised with the mean and standard deviation over /train; a column that is constant there
/// is 0. With a `region` the rows are those of regions of this side (regions.hpp). O(pixels), one
/// pass over /train and one over `split`.
std::vector<float> band_statistics(const Dataset& dataset, const std::string& split,
                                   std::int64_t region = 0);

}  // namespace al_mpi
