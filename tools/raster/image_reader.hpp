#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/raster/raster.hpp"
#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/data/sensors.hpp>

namespace al_mpi {

/// Numbers as they are, or scale * number + offset.
AL_ENUM(PixelValues, stored, physical)

/// What a user may say about the bands and numbers of images.
struct ImageOptions {
  std::vector<std::string>
      bands;           ///< NAME, POSITION or POSITION=NAME; empty = all, as files name them
  std::string sensor;  ///< whose names they are; empty = the one that knows most of them
  std::optional<PixelValues> values;  ///< nothing = stored, and all files must agree
  std::optional<double> no_data;  ///< marks missing pixels beside what files declare (may be NaN)
  double max_no_data = 1.0;       ///< images with a larger share of missing values are left out
};

/// The bands of one image, in the order in which they are taken.
struct BandChoice {
  std::vector<std::string> names;
  std::vector<std::int64_t>
      from;  ///< band of the file, counted from 0; red, green, blue of a palette
  std::vector<double> scale, offset;   ///< of each
  const Sensor* sensor = nullptr;      ///< whose names they are, where that is known
  std::vector<std::string> also_fits;  ///< other sensors with these names
  enum class By { file, colors, user, eurosat, nobody } named_by = By::nobody;
  std::int64_t alpha = -1;  ///< band that says which pixels are missing; -1 = none
  PixelType pixel_type = PixelType::uint16;

  bool has_scale() const;
};

/// Decides on an image's bands. `eurosat`: 13 bands without names are in EuroSAT's order. Throws
/// DataError: a wanted band is not there, a band marked as transparency that holds a picture;
/// ConfigError for options that cannot be meant.
BandChoice choose_bands(const Raster& image, const ImageOptions& options, bool eurosat);

/// The bands of `all` that mean `wanted`, in that order. Throws DataError naming those that are not
/// there.
BandChoice match_bands(const Raster& image, const BandChoice& all,
                       const std::vector<std::string>& wanted, const Sensor* sensor);

/// The bands of `choice` in `window` as [bands, height, width] of float32, physical where asked
/// for; where a value is missing, `missing` is 1 and the value is the mean of the band's others (0
/// where there are none). `missing` is empty where none is.
void read_image(const Raster& image, const BandChoice& choice, const ImageOptions& options,
                const Window& window, std::vector<float>& values,
                std::vector<std::uint8_t>& missing);

}  // namespace al_mpi
