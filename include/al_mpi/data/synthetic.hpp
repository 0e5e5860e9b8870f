#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// Built-in Sentinel-2-like scenes: class = spectral signature over the bands + texture + noise.
struct SyntheticOptions {
  Task task = Task::classification;
  std::int64_t n_train = 600;
  std::int64_t n_test = 300;
  std::int64_t n_validation = 0;
  std::int64_t n_classes = 10;  ///< 2 .. 10
  std::int64_t n_bands = 13;    ///< 1 .. 13, the first n of B1..B12, B8A
  std::int64_t tile = 32;       ///< height = width [pixels]
  double noise = 1.0;           ///< difficulty: 0 = classes do not overlap
  double imbalance =
      0.0;  ///< 0 = equal class sizes; 1 = the rarest class has a tenth of the commonest
  std::int64_t seed = 1;
};

/// Generates the dataset in memory; a pure function of `options`. Throws ConfigError on bad sizes.
std::shared_ptr<const Dataset> make_synthetic(const SyntheticOptions& options);

/// The dataset file `path`; the built-in scenes where it is empty.
std::shared_ptr<const Dataset> load_dataset(const std::string& path,
                                            const SyntheticOptions& otherwise);

}  // namespace al_mpi
