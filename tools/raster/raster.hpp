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

  /// Height and width of a pixel in metres, the mean of both; 0 where they are not known.
  double pixel_size() const;

  /// Where on Earth the point (x, y) [pixels] of the raster is; nothing where that is not known.
  std::optional<Place> place_of(double x, double y) const;

  /// The georeference of a raster from the same corner whose pixels are `size` of these wide and
  /// high.
  Georeference coarser(std::int64_t size) const;
};

/// Whether both are the same coordinate system; an unknown one fits every other.
bool same_projection(const Georeference& a, const Georeference& b);

/// Whether corners and pixel sizes agree to a hundredth of a pixel; unknown ones fit every other.
bool same_place(const Georeference& a, const Georeference& b);

/// What a file says about one of its bands.
struct RasterBand {
  std::string name;               ///< its description, else "667 nm" where it has a wavelength
  double scale = 1, offset = 0;   ///< physical value = scale * number + offset
  std::optional<double> no_data;  ///< the number that marks missing pixels (may be NaN)
  std::string color;              ///< "red", "green", "blue", "alpha" where so marked, else empty
};

/// An image file (GeoTIFF, JPEG or PNG), opened for reading by GDAL, with what lies beside it:
/// world file, mask, .aux.xml. GDAL stays silent; every failure is a DataError with its reason.
class Raster {
 public:
  explicit Raster(const std::string& path);
  Raster(const Raster&) = delete;
  Raster& operator=(const Raster&) = delete;
  ~Raster();

  const std::string& path() const { return path_; }
  std::int64_t channels = 0, height = 0, width = 0;
  PixelType pixel_type = PixelType::uint16;  ///< uint8 and uint16 as stored, all others as float32
  std::string stored_type;                   ///< as GDAL calls it: "Int16"
  std::vector<RasterBand> bands;
  /// Red, green, blue, alpha of each number of the one band; empty = no colour table
  std::vector<std::array<std::uint8_t, 4>> palette;
  bool has_mask = false;  ///< a mask band says which pixels are missing
  std::string baseline;   ///< Sentinel-2's processing baseline: "0400"
  Georeference place;
  std::optional<Place> center() const {
    return place.place_of(static_cast<double>(width) / 2, static_cast<double>(height) / 2);
  }

  /// All bands of `window` as [channels, height, width] of pixel_type into `out`.
  void read(const Window& window, void* out) const;
  void read(void* out) const { read({0, 0, width, height}, out); }
  /// The same, converted to float32.
  void read_float(const Window& window, float* out) const;
  /// One band, counted from 0, as [height, width] of `type`.
  void read_band(std::int64_t band, const Window& window, PixelType type, void* out) const;
  /// [height, width], 0 where the mask says that a pixel is missing.
  void read_mask(const Window& window, std::uint8_t* out) const;

 private:
  void read_as(const Window& window, PixelType type, void* out) const;
  void read_facts();

  std::string path_;
  void* dataset_ = nullptr;  // GDAL's
};

/// Whether `path` is named like an image that Raster reads (.tif, .tiff, .jpg, .jpeg, .png).
bool is_image_name(const std::string& path);

/// Whether `path` is a file or folder that a system puts beside the user's: hidden ones, macOS's
/// "._a.tif" and "__MACOSX", thumbnails of NAS boxes, Windows' waste bin.
bool is_clutter(const std::string& path);

}  // namespace al_mpi
