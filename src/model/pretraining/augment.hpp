#pragma once

#include <cstdint>
#include <vector>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// How much two views of a tile may differ.
struct AugmentOptions {
  double smallest_crop = 0.3;  ///< share of the tile's area that a crop keeps at least, (0, 1]
  double gain = 0.1;           ///< standard deviation of ln(gain) common to all bands (light)
  double band_gain = 0.05;     ///< the same of each band alone (haze, sensor)
  double band_dropout = 0.1;   ///< probability that a band is missing (set to its mean), [0, 1)
  double blur = 0.5;           ///< probability of a 3 x 3 binomial blur
};

/// Where the pixels of one output row or column come from: between two source pixels.
struct Sampling {
  std::vector<std::int64_t> first, second;
  std::vector<float> share;  ///< of the second
};

/// One random view: which part of the tile, turned and mirrored how, in which light. Sentinel-2
/// looks straight down, so all eight symmetries of the square are as likely; hue changes of
/// photographs have no meaning for reflectances, gains have.
struct View {
  bool transposed = false;  ///< output rows run along source columns
  Sampling rows, columns;   ///< of the source: [height or, transposed, width of the output]
  std::vector<float> scale, offset;  ///< [C] of normalised values; 0, 0 = the band is missing
  bool blur = false;
};

/// Makes views of tiles as networks take them: [H, W, C] float32, interleaved, normalised by the
/// dataset's mean and standard deviation.
class Augmenter {
 public:
  struct Shape {
    std::int64_t height = 0, width = 0, channels = 0;
  };

  /// mean_over_std [C]: normalised value of a pixel of digital number 0, negated.
  Augmenter(const Shape& shape, std::vector<float> mean_over_std, const AugmentOptions& options);

  View draw(RngStream& rng) const;
  View identity() const;  ///< the tile itself

  /// out [H, W, C] of the same size as `image`.
  void apply(const View& view, const float* image, float* out) const;

 private:
  void sample(const View& view, const float* image, float* out) const;
  void blur(float* image) const;

  Shape shape_;
  std::vector<float> mean_over_std_;
  AugmentOptions options_;
};

}  // namespace al_mpi
