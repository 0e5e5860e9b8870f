#pragma once

#include <cstdint>

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// What is recorded of each round beside its metrics: distances in the embeddings, or all (with
/// pool_entropy, one pass over the pool).
AL_ENUM(Diagnostics, none, distances, all)

/// The active-learning loop. Read from the section `loop` of a configuration.
struct LoopOptions {
  std::int64_t n_init = 32;    ///< labels at the start, >= 1
  std::int64_t n_query = 32;   ///< labels bought a round, >= 1
  std::int64_t n_rounds = 10;  ///< queries, >= 0
  bool reference_mean_iou =
      false;  ///< segmentation: also record reference_mean_iou (docs/formats.md)
  Diagnostics diagnostics = Diagnostics::distances;
};

}  // namespace al_mpi
