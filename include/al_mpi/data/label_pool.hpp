#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// The corners of an image on Earth: upper left, upper right, lower right, lower left.
using Footprint = std::array<Place, 4>;

/// Tiles for people to label (al_prepare pool): a dataset without /test, of which labels may be -1
/// (none) and classes few or none, and where its tiles lie.
struct LabelPool {
  std::shared_ptr<const Dataset> dataset;
  std::vector<std::optional<Footprint>> footprints;  ///< [n]
  std::vector<std::string> systems;  ///< [n] coordinate system of each file (WKT); "" = not known

  /// Throws DataError as Dataset::open(), and for a dataset that is labelled already.
  static LabelPool open(const std::string& path);
};

/// A dataset file or a pool, for what works on both. Throws DataError as Dataset::open(), which
/// refuses pools.
std::shared_ptr<const Dataset> open_dataset_or_pool(const std::string& path);

/// Whether it is a pool for people to label.
inline bool is_label_pool(const Dataset& dataset) {
  return dataset.splits.count("test") == 0;
}

/// A pool with labels from elsewhere: one of `classes` for each sample of /train (-1 = none). /test
/// holds copies of the samples `tested`, and is not there where they are none.
std::shared_ptr<const Dataset> relabeled(std::shared_ptr<const Dataset> pool,
                                         const std::vector<std::string>& classes,
                                         const std::vector<std::int64_t>& labels,
                                         const std::vector<std::int64_t>& tested);

}  // namespace al_mpi
