#pragma once

#include <string>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/pool.hpp>
#include <al_mpi/model/learner.hpp>

namespace al_mpi {

/// `n` images that are spread evenly over a split of `n_images`; all of them where there are fewer.
Indices evenly_spread(std::int64_t n, std::int64_t n_images);

/// Writes what the network makes of those test tiles (docs/formats.md, "Tiles"), replaced as a
/// whole; the folder is made. Throws DataError.
void save_tiles(const std::string& path, const std::string& key, const Indices& tiles,
                const PixelMaps& maps, const Split& test);

}  // namespace al_mpi
