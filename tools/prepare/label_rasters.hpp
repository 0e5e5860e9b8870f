#pragma once

#include <cstdint>
#include <string>

namespace al_mpi {

/// Images and label rasters that belong together by their path below the two folders (without
/// extension).
struct LabelRasterImport {
  std::string images;  ///< folder of Sentinel-2 images, any depth
  std::string labels;  ///< folder of uint8 rasters with Dynamic World's classes, 0 = no data
  std::string output;
  std::int64_t tile = 128;   ///< height and width of the tiles that images are cut into [pixels]
  std::int64_t n_test = -1;  ///< tiles of the test set; -1 = a third
  double min_labeled =
      0.0;  ///< tiles with a smaller share of labelled pixels are left out; so are empty ones
  std::int64_t seed = 1;  ///< which images go to the test set
  std::string source = "Sentinel-2 images with labels in Dynamic World's classes";
  std::string licence;
  bool force = false;
};

struct LabelRasterSummary {
  std::int64_t n_tiles = 0;    ///< written
  std::int64_t n_dropped = 0;  ///< too little labelled area
};

/// Writes a segmentation dataset. Whole images go to the test set, until it has at least n_test
/// tiles: tiles of one image resemble each other. What is cut off at right and bottom borders is
/// lost. Throws DataError with all problems (the first 30) at once, a line each: a missing partner,
/// another size, projection or position, labels out of range, images smaller than a tile or of
/// another kind than the first; also where no tile has a labelled pixel; ConfigError for the
/// options.
LabelRasterSummary import_label_rasters(const LabelRasterImport& import);

}  // namespace al_mpi
