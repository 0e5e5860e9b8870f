#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// What the images of a split are like.
struct SplitFacts {
  std::vector<double> lowest, highest;     ///< [C] over all pixels
  std::vector<std::int64_t> class_counts;  ///< [K] images, or pixels of label maps
  double zero_share = 0;                   ///< of pixels that are 0 in every band
};

/// How far the images of a split lie from the nearest one of the pool, centre to centre [km].
struct Distances {
  double least = 0, median = 0;
  std::int64_t n_within_1_km = 0;
};

struct DatasetFacts {
  std::map<std::string, SplitFacts> splits;
  std::map<std::string, std::int64_t>
      equal_to_pool;                         ///< images that are in the pool, too, by split
  std::map<std::string, Distances> to_pool;  ///< by split; only where places are known
  std::vector<std::string> equal_names;      ///< the first three: "a.tif = b.tif"
  std::int64_t equal_in_pool = 0;            ///< images of the pool that another one equals
};

/// Looks at every pixel once. O(pixels), memory O(images).
DatasetFacts facts_of(const Dataset& dataset);

/// What leaks from the pool into the other splits, a line each: images that are equal pixel by
/// pixel, and how far the nearest image of the pool is.
std::vector<std::string> leak_report(const Dataset& dataset, const DatasetFacts& facts);

/// Images of each class [n_classes], or pixels of label maps; a label that is no class is left out.
std::vector<std::int64_t> class_counts(const Split& split, std::int64_t n_classes);

/// "2 of the 10 classes have nothing in the test set: ... (means over classes leave them out)";
/// empty where all have some. The ignored class is none.
std::string absent_from_test(const Dataset& dataset, const std::vector<std::int64_t>& in_test);

/// What a user should know before a sweep, a sentence each: images of the test set that are in the
/// pool, classes without images in the pool or the test set, pixels that are 0 in every band, bands
/// that are constant.
std::vector<std::string> cautions(const Dataset& dataset, const DatasetFacts& facts);

/// Throws DataError naming `file` where a class is in the test set but not in the pool. Counts [K]
/// without the ignored class.
void refuse_unlearnable(const std::string& file, const std::vector<std::string>& classes,
                        const std::vector<std::int64_t>& in_pool,
                        const std::vector<std::int64_t>& in_test);

}  // namespace al_mpi
