#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "embedding_map.hpp"
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/data/thumbnails.hpp>
#include <al_mpi/results/store.hpp>

namespace al_mpi {

/// What the results file shows of the dataset: the map of its embeddings always, and pictures as
/// results.thumbnails says (docs/formats.md, "Pictures"). A function of the dataset and of the
/// trials' picks; what was made is kept for the next snapshot. For one thread at a time.
class Pictures {
 public:
  Pictures(std::shared_ptr<const Dataset> dataset, const SweepConfig& config);

  void add(const std::vector<ShownTrial>& trials, ResultsTables& tables);

 private:
  using Names = std::map<std::string, std::string>;
  void add_picks(const ShownTrial& trial, Names& pictures);
  void add_tiles(const ShownTrial& trial, Names& pictures);
  void read_tiles(const ShownTrial& trial, const std::string& path);
  const std::string& thumbnail(const std::string& split, std::int64_t index,
                               const Regions& regions);

  std::shared_ptr<const Dataset> dataset_;
  Regions picked_, images_;  ///< what is picked, and whole images
  std::int64_t n_;           ///< results.thumbnails
  std::string embeddings_;
  std::string tiles_;  ///< folder of predictions
  std::optional<Thumbnails> thumbnails_;
  std::optional<EmbeddingMap> map_;
  Names made_;
  std::map<std::string, Names> tiles_of_;  ///< key of a trial -> its pictures, once they are there
};

}  // namespace al_mpi
