#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gdal.h>
#include <ogr_srs_api.h>

namespace al_mpi {

struct TestImage {
  int bands = 13;
  int height = 8;
  int width = 8;
  GDALDataType type = GDT_UInt16;
  std::vector<std::uint16_t> values = {};  ///< [bands, height, width]; empty = 100 band + pixel
  double west = 0.0;                       ///< left edge of the georeference [m]; 0 = none
  int utm_zone = 0;                        ///< northern, of the projection; 0 = none
};

/// Writes a small GeoTIFF with GDAL itself.
inline void write_geotiff(const std::string& path, const TestImage& image = {}) {
  GDALAllRegister();
  GDALDatasetH file = GDALCreate(GDALGetDriverByName("GTiff"), path.c_str(), image.width,
                                 image.height, image.bands, image.type, nullptr);
  std::vector<std::uint16_t> values = image.values;
  for (int band = 0;
       values.size() < static_cast<std::size_t>(image.bands * image.height * image.width); ++band) {
    for (int i = 0; i < image.height * image.width; ++i) {
      values.push_back(static_cast<std::uint16_t>(100 * band + i));
    }
  }
  if (image.west != 0.0) {
    double transform[6] = {image.west, 10, 0, 5000000, 0, -10};
    GDALSetGeoTransform(file, transform);
  }
  if (image.utm_zone != 0) {
    OGRSpatialReferenceH system = OSRNewSpatialReference(nullptr);
    OSRImportFromEPSG(system, 32600 + image.utm_zone);
    GDALSetSpatialRef(file, system);
    OSRDestroySpatialReference(system);
  }
  const CPLErr written =
      GDALDatasetRasterIO(file, GF_Write, 0, 0, image.width, image.height, values.data(),
                          image.width, image.height, GDT_UInt16, image.bands, nullptr, 0, 0, 0);
  GDALClose(file);
  if (written != CE_None) throw std::runtime_error("could not write " + path);
}

}  // namespace al_mpi
