#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/prepare/images/tile_grid.hpp"
#include "tools/raster/image_reader.hpp"

namespace al_mpi {

/// Images and label rasters that belong together by their path below the two folders (without
/// extension).
struct LabelRasterImport {
  std::string images;  ///< folder of images, any depth
  std::string labels;  ///< folder of rasters of one band whose values are classes
  std::string output;
  std::int64_t tile = 128;   ///< height and width of the tiles that images are cut into [pixels]
  std::int64_t n_test = -1;  ///< tiles of the test set; -1 = a third
  double min_labeled =
      0.0;  ///< tiles with a smaller share of labelled pixels are left out; so are empty ones
  std::int64_t seed = 1;  ///< which images go to the test set
  std::string source = "Sentinel-2 images with labels in Dynamic World's classes";
  std::string licence;
  bool force = false;
  /// What remains at right and bottom borders: "drop", "overlap" (tiles moved inwards) or "pad"
  /// (tiles filled up with 'no data')
  Edges edges = Edges::drop;
  std::string label_values = {};          ///< name of a legend; empty = the first of legends()
  std::vector<std::string> classes = {};  ///< VALUE=NAME instead of a legend
  ImageOptions image_options = {};
  bool allow_missing_classes = false;
};

struct LabelRasterSummary {
  std::int64_t n_tiles = 0;        ///< written
  std::int64_t n_dropped = 0;      ///< too little labelled area
  std::vector<std::string> notes;  ///< what the user should know, a sentence each
};

/// Writes a segmentation dataset. Whole images go to the test set, until it has at least n_test
/// tiles: tiles of one image resemble each other. Pixels that the label raster declares as no data,
/// and pixels without a value in any band, have class 0, "no data". Throws DataError with all
/// problems in one line, each with its number and first three files: a missing partner, two files
/// of one name, another size, projection or position, values that are not whole, images smaller
/// than a tile; then images that are not like most (ImageSurvey), values that the legend does not
/// name; also where no tile has a labelled pixel; ConfigError for the options.
LabelRasterSummary import_label_rasters(const LabelRasterImport& import);

}  // namespace al_mpi
