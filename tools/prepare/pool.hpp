#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/prepare/images/tile_grid.hpp"
#include "tools/raster/image_reader.hpp"

namespace al_mpi {

/// Tiles for people to label: a folder (or zip file) of tiles of one size, or a scene that is cut.
struct PoolImport {
  std::string source;  ///< folder, zip file or image
  std::string output;
  std::int64_t tile = 64;     ///< of a scene: height and width of the tiles [pixels]
  std::int64_t overlap = 0;   ///< of a scene: pixels that neighbouring tiles share, 0 .. tile - 1
  Edges edges = Edges::drop;  ///< of a scene: what remains at right and bottom borders
  std::string labels;         ///< file of names and classes that are known already; empty = none
  std::vector<std::string> classes;  ///< that answers may name; those of `labels` come after them
  ImageOptions images = {};
  std::string licence;
  bool force = false;
};

struct PoolSummary {
  std::int64_t n_tiles = 0, n_labeled = 0, n_placed = 0;  ///< n_placed: their footprint is known
  std::vector<std::string> notes;  ///< what the user should know, a sentence each
};

/// Writes a dataset file whose /train holds every tile, sorted by name, with its footprint and
/// coordinate system; a tile of a scene is named NAME@X,Y. Tiles without any value are left out.
/// Throws DataError as ImageSurvey and read_answers() do: tiles of several sizes, a scene smaller
/// than a tile, labels of tiles that are not there; ConfigError for the options.
PoolSummary import_pool(const PoolImport& import);

}  // namespace al_mpi
