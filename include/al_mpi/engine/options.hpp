#pragma once

#include <cstdint>
#include <string>

namespace al_mpi {

/// The active-learning loop. Read from the section `loop` of a configuration.
struct LoopOptions {
  std::int64_t n_init = 32;         ///< labels at the start, >= 1
  std::int64_t n_query = 32;        ///< labels bought a round, >= 1
  std::int64_t n_rounds = 10;       ///< queries, >= 0
  bool reference_mean_iou = false;  ///< segmentation: also record the reference's mIoU (S-4 .. S-6)
  std::string diagnostics =
      "distances";  ///< recorded each round: none | distances | all (with pool_entropy)
};

}  // namespace al_mpi
