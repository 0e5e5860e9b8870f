#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/io/png_file.hpp>

namespace al_mpi {

/// Pictures of a dataset's tiles that people can judge: true colour where the bands are known, else
/// the first band or bands; stretched between the pool's 2nd and 98th percentile of each band,
/// the same for all tiles.
class Thumbnails {
 public:
  explicit Thumbnails(const Dataset& dataset);

  /// Image `index` of one of the dataset's splits, pixel by pixel.
  Picture of(const Split& split, std::int64_t index) const;

  /// Which band is shown as red, green and blue.
  const std::array<std::size_t, 3>& bands() const { return bands_; }

 private:
  void find_bands();
  void find_range();

  const Dataset& dataset_;
  std::array<std::size_t, 3> bands_ = {0, 0, 0};
  std::array<double, 3> low_ = {}, high_ = {};
};

/// The picture a whole number of times as large, so that neither side is shorter than `least`.
/// Between pixel centres the values change evenly, so that no squares catch the eye.
Picture enlarged(const Picture& picture, std::int64_t least);

/// The picture in means of squares of a whole number of pixels, so that neither side is longer than
/// `most`.
Picture reduced(const Picture& picture, std::int64_t most);

}  // namespace al_mpi
