#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include <al_mpi/base/rng.hpp>
#include <al_mpi/data/pool.hpp>

namespace al_mpi {

/// A dataset in memory: class k has a brighter band k; gradients run over the tile. Separable, but
/// noisy.
class ToyDataset : public Dataset {
 public:
  struct Sizes {
    std::int64_t n = 60, channels = 3, tile = 16, n_classes = 3;
  };

  explicit ToyDataset(const Sizes& sizes) {
    for (std::int64_t k = 0; k < sizes.n_classes; ++k)
      classes.push_back("class " + std::to_string(k));
    bands.assign(static_cast<std::size_t>(sizes.channels), "band");
    mean.assign(static_cast<std::size_t>(sizes.channels), 1000.0f);
    std_dev.assign(static_cast<std::size_t>(sizes.channels), 300.0f);
    source = "toy";
    add_split("train", sizes, 1);
    add_split("test", sizes, 2);
  }

  void add_split(const std::string& name, const Sizes& sizes, std::int64_t seed) {
    RngStream rng(seed, "toy");
    Split split;
    split.n = sizes.n;
    split.channels = sizes.channels;
    split.height = split.width = sizes.tile;
    auto& pixels = pixels_[name];
    for (std::int64_t i = 0; i < sizes.n; ++i) {
      const std::int64_t label = i % sizes.n_classes;
      split.labels.push_back(label);
      for (std::int64_t c = 0; c < sizes.channels; ++c) {
        for (std::int64_t p = 0; p < sizes.tile * sizes.tile; ++p) {
          const double value = 1000 + (c == label % sizes.channels ? 400 : 0) + 200 * rng.normal() +
                               static_cast<double>(p % sizes.tile);
          pixels.push_back(static_cast<std::uint16_t>(value < 0 ? 0 : value));
        }
      }
    }
    split.images = pixels.data();
    splits[name] = std::move(split);
  }

  std::map<std::string, std::vector<std::uint8_t>> label_maps;  ///< for a test to fill

 private:
  std::map<std::string, std::vector<std::uint16_t>> pixels_;
};

inline std::shared_ptr<ToyDataset> toy_dataset(const ToyDataset::Sizes& sizes = {}) {
  return std::make_shared<ToyDataset>(sizes);
}

/// Images of `tile` pixels with a label map of 3 classes beside label 0, which is ignored: squares
/// of 4 pixels of one label each.
inline std::shared_ptr<ToyDataset> patchwork(std::int64_t n, std::int64_t tile) {
  const auto dataset = toy_dataset({n, 3, tile, 3});
  dataset->task = Task::segmentation;
  dataset->classes = {"no data", "water", "trees", "built"};
  dataset->ignore_label = 0;
  for (const char* name : {"train", "test"}) {
    auto& maps = dataset->label_maps[name];
    for (std::int64_t p = 0; p < n * tile * tile; ++p) {
      const std::int64_t y = p / tile % tile / 4, x = p % tile / 4;
      maps.push_back(static_cast<std::uint8_t>((y * y + 2 * x + p / (tile * tile)) % 7 % 4));
    }
    dataset->splits[name].label_maps = maps.data();
    dataset->splits[name].labels.clear();
  }
  return dataset;
}

/// first, first + 1, ..., end - 1
inline Indices range(std::int64_t first, std::int64_t end) {
  Indices indices(static_cast<std::size_t>(end - first));
  std::iota(indices.begin(), indices.end(), first);
  return indices;
}

/// A pool whose first n samples are labelled.
inline Pool labeled_pool(const Dataset& dataset, std::int64_t n) {
  Pool pool(dataset);
  pool.label(range(0, n));
  return pool;
}

}  // namespace al_mpi
