#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// A part of a raster [pixels].
struct Window {
  std::int64_t x = 0, y = 0, width = 0, height = 0;
};

/// An image file (GeoTIFF, JPEG or PNG), opened for reading by GDAL. GDAL stays silent; every
/// failure is a DataError with its reason.
class Raster {
 public:
  explicit Raster(const std::string& path);
  Raster(const Raster&) = delete;
  Raster& operator=(const Raster&) = delete;
  ~Raster();

  const std::string& path() const { return path_; }
  std::int64_t channels = 0, height = 0, width = 0;
  PixelType pixel_type = PixelType::uint16;  ///< uint8 and uint16 as stored, all others as float32
  std::vector<std::string> band_names;       ///< descriptions in the file; empty strings where none
  std::string projection;                    ///< WKT; empty if there is none
  std::array<double, 6> transform{};         ///< pixel to map; {0, 1, 0, 0, 0, 1} if there is none

  /// All bands of `window` as [channels, height, width] of pixel_type into `out`.
  void read(const Window& window, void* out) const;
  void read(void* out) const { read({0, 0, width, height}, out); }

 private:
  std::string path_;
  void* dataset_ = nullptr;  // GDAL's
};

/// Is `path` named like an image that Raster reads (.tif, .tiff, .jpg, .jpeg, .png)?
bool is_image_name(const std::string& path);

/// B1 .. B12, B8A for 13 bands, B4 B3 B2 for 3 (red, green, blue), else the file's own names or
/// "band 1", ...
std::vector<std::string> band_names_of(const Raster& raster);

}  // namespace al_mpi
