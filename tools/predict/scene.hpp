#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/raster/class_raster.hpp"
#include "tools/raster/image_reader.hpp"
#include <al_mpi/model/trained_network.hpp>

namespace al_mpi {

/// Which scene becomes which map.
struct SceneRequest {
  std::string
      image;  ///< GeoTIFF of any size, with the bands and unit that the network was trained on
  std::string output;   ///< GeoTIFF of classes
  std::string picture;  ///< PNG of it; empty = none
  std::int64_t window =
      0;  ///< height and width of what the network sees at once [pixels]; 0 = as in training
  /// Side of the grid's cells (see predict_scene()) [pixels], 1 .. window; 0 = half a window, for
  /// classification a whole one
  std::int64_t stride = 0;
  ImageOptions bands = {};  ///< how the image's bands and numbers are read
  /// Called before anything is computed, with each reason to doubt the map; may be empty.
  std::function<void(const std::string&)> tell = {};
};

struct SceneSummary {
  std::int64_t height = 0, width = 0;  ///< of the map
  ClassLegend legend;
  std::vector<std::int64_t> counts;  ///< [K] pixels of the map that are of each class
  std::int64_t n_no_data = 0;
};

/// Applies a network to a scene, window by window, in memory that does not grow with the scene's
/// height.
///
/// The scene is divided into cells of stride x stride pixels. The window around a cell's centre
/// (moved inwards at the scene's borders) gives the cell its classes. For segmentation these are
/// the cell's part of the window's prediction, so pixels near a window's border, which see little
/// around them, are not used. For classification the cell has the window's class, and is one pixel
/// of the map. Pixels whose bands are all 0, all missing (declared, masked, transparent), or not
/// finite have no class, nor has a classified cell that consists of such pixels. The map has the
/// scene's georeference. Bands are found by their names where the scene has names; where scene and
/// training images both declare a scale, the scene's numbers are converted to that of the training
/// images. request.tell is called where the scene's values, pixel size or scale are not those of
/// the training images. Throws DataError: other bands or kind of pixels, a scene smaller than a
/// window, files that cannot be read or written (neither output is touched then).
SceneSummary predict_scene(const TrainedNetwork& network, const std::string& device,
                           const SceneRequest& request);

/// Names and colours for a network's classes: Dynamic World's own colours for its classes, else
/// distinct ones.
ClassLegend legend_of(const TrainedNetwork& network);

}  // namespace al_mpi
