#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// Pictures of a pool's tiles that people can judge: true colour where the bands are known, else
/// the first band or bands; stretched between the pool's 2nd and 98th percentile of each band,
/// the same for all tiles; at least 256 pixels wide and high.
class Thumbnails {
 public:
  explicit Thumbnails(const Dataset& pool);

  /// The picture of one tile, a PNG file's bytes.
  std::string png(std::int64_t index) const;

  /// Which band is shown as red, green and blue.
  const std::array<std::size_t, 3>& bands() const { return bands_; }

 private:
  double value(std::int64_t index, std::size_t band, std::int64_t pixel) const;
  void find_bands();
  void find_range();

  const Dataset& pool_;
  const Split& split_;
  std::array<std::size_t, 3> bands_ = {0, 0, 0};
  std::array<double, 3> low_ = {}, high_ = {};
};

}  // namespace al_mpi
