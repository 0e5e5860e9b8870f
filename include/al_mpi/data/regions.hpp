#pragma once

#include <cstdint>

namespace al_mpi {

/// The regions of images, which are labelled instead of whole images: squares of one size, those of
/// an image row by row. Region r of image i is sample i * per_image() + r of the pool.
struct Regions {
  std::int64_t height = 0, width = 0;  ///< of a region [pixels]
  std::int64_t rows = 1, columns = 1;  ///< of regions in an image

  std::int64_t per_image() const { return rows * columns; }
  bool are_images() const { return per_image() == 1; }
  std::int64_t image_of(std::int64_t region) const { return region / per_image(); }
  std::int64_t top_of(std::int64_t region) const { return region % per_image() / columns * height; }
  std::int64_t left_of(std::int64_t region) const { return region % columns * width; }
};

/// Images of height x width pixels in squares of `side` pixels (query.region), or as a whole where
/// it is 0. Throws ConfigError naming the sides that divide both.
Regions regions_of(std::int64_t height, std::int64_t width, std::int64_t side);

}  // namespace al_mpi
