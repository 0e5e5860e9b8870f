#pragma once

#include <cstdint>

#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/base/error.hpp>

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

/// Throws ConfigError where a trial would buy more labels than the pool offers; of `n_validation`
/// images each has so many regions to buy. In floating point: the product of two wild settings must
/// not overflow.
inline void check_budget(const LoopOptions& loop, std::int64_t n_validation, double pool_size,
                         std::int64_t regions_an_image = 1) {
  const double held_out = static_cast<double>(n_validation) * static_cast<double>(regions_an_image);
  const double wanted = held_out + static_cast<double>(loop.n_init) +
                        static_cast<double>(loop.n_rounds) * static_cast<double>(loop.n_query);
  if (wanted <= pool_size) return;
  const bool regions = regions_an_image > 1;
  throw ConfigError(
      "loop", fmt::format("{}n_init + n_rounds x n_query = {:.0f} exceeds the pool of {:.0f} {}",
                          n_validation == 0 ? ""
                          : regions         ? "regions of validation + "
                                            : "validation + ",
                          wanted, pool_size, regions ? "regions" : "samples"));
}

}  // namespace al_mpi
