#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// A frozen embedding that needs no network and no labels: what an image's colours and textures
/// are like. Of C bands and P pairs of bands these columns, in order:
///
///   7 C   of each band: mean, deviation, skewness, kurtosis, 10th, 50th and 90th percentile
///   8 C   of each band at 4 scales (each half as fine): log of the mean and of the deviation of
///         the differences between neighbours
///   16    of the grey image at 4 scales: coherence of the gradients' structure tensor over the
///         image, its mean over blocks of 8 x 8 pixels, the same weighted by the blocks' energy,
///         and how much the energy varies between blocks
///   30    of the grey image at 3 scales: histogram of local binary patterns (rotation-invariant,
///         uniform; 8 neighbours, Ojala et al. 2002)
///   7 P   of each pair (a, b): mean, deviation and three percentiles of (a - b) / (a + b), the
///         correlation of the bands and that of their horizontal differences
///
/// The pairs are those of the known indices whose bands are there: red and green, green and blue,
/// red and blue, NDVI, NDWI, NDBI, NBR; where none is, every band and the next. The grey image is
/// the mean of the bands, each divided by its deviation over /train. Bands are in physical units
/// where the dataset knows them. What an image is too small for is 0.
///
/// Returns [n, D] float32 row-major by split. Columns are standardised over /train, and what lies
/// more than 5 deviations away is moved there. Time O(pixels).
std::map<std::string, std::vector<float>> texture(const Dataset& dataset);

/// D.
std::int64_t texture_dim(const Dataset& dataset);

}  // namespace al_mpi
