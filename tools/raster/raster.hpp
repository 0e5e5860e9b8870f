#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// A part of a raster [pixels].
struct Window {
  std::int64_t x = 0, y = 0, width = 0, height = 0;
};

/// Where a raster lies on the map.
struct Georeference {
  std::string projection;                                ///< WKT; empty if there is none
  std::array<double, 6> transform = {0, 1, 0, 0, 0, 1};  ///< pixel to map; this if it is not known

  bool known() const { return transform != Georeference().transform; }

  /// That of a raster whose pixels are `size` of these wide and high, from the same corner.
  Georeference coarser(std::int64_t size) const;
};

/// Whether both are the same coordinate system; an unknown one fits every other.
bool same_projection(const Georeference& a, const Georeference& b);

/// Whether corners and pixel sizes agree to a hundredth of a pixel; unknown ones fit every other.
bool same_place(const Georeference& a, const Georeference& b);

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
  Georeference place;
  std::optional<double> no_data;  ///< the value that marks missing pixels, of the first band

  /// All bands of `window` as [channels, height, width] of pixel_type into `out`.
  void read(const Window& window, void* out) const;
  void read(void* out) const { read({0, 0, width, height}, out); }
  /// The same, converted to float32.
  void read_float(const Window& window, float* out) const;

 private:
  void read_as(const Window& window, PixelType type, void* out) const;

  std::string path_;
  void* dataset_ = nullptr;  // GDAL's
};

/// Is `path` named like an image that Raster reads (.tif, .tiff, .jpg, .jpeg, .png)?
bool is_image_name(const std::string& path);

/// B1 .. B12, B8A for 13 bands, B4 B3 B2 for 3 (red, green, blue), else the file's own names or
/// "band 1", ...
std::vector<std::string> band_names_of(const Raster& raster);

}  // namespace al_mpi
