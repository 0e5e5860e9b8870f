#pragma once

#include <cstdint>
#include <string>

namespace al_mpi {

struct CostsRequest {
  std::string file;    ///< dataset file, replaced as a whole
  std::string costs;   ///< CSV file with the columns name and cost
  bool force = false;  ///< replace costs that the dataset names already
};

/// Stores what the label of each image of the pool costs; images that the CSV file does not name
/// cost 1. Returns how many those are. Throws DataError: names that are not in the pool or come
/// twice, costs that are none; ConfigError: costs that are there already.
std::int64_t store_costs(const CostsRequest& request);

}  // namespace al_mpi
