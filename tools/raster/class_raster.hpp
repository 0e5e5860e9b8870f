#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/raster/raster.hpp"
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {

/// What the values of a class raster mean: value k is names[k], drawn in colors[k] (red, green,
/// blue).
struct ClassLegend {
  std::vector<std::string> names;
  std::vector<std::array<std::uint8_t, 3>> colors;
  std::uint8_t no_data = 255;  ///< marks pixels without a class
};

/// A uint8 GeoTIFF of classes with their colours, written block by block. The file appears at its
/// path only when it is whole.
class ClassRaster {
 public:
  /// Throws DataError where it cannot be written.
  ClassRaster(const std::string& path, std::int64_t height, std::int64_t width,
              const Georeference& place, const ClassLegend& legend);
  ClassRaster(const ClassRaster&) = delete;
  ClassRaster& operator=(const ClassRaster&) = delete;
  ~ClassRaster();

  /// values [window.height, window.width].
  void write(const Window& window, const std::uint8_t* values);

  /// Writes a PNG of the whole raster in the legend's colours, resized by nearest neighbours until
  /// its longer side is between 512 and 2048 pixels. Call it after the last write().
  void write_picture(const std::string& path) const;

  /// Closes the file and puts it in its place.
  void commit();

 private:
  std::string path_;
  AtomicFile file_;
  ClassLegend legend_;
  void* dataset_ = nullptr;  // GDAL's
};

}  // namespace al_mpi
