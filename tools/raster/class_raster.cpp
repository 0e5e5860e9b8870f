#include "tools/raster/class_raster.hpp"

#include <algorithm>

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <gdal.h>

#include "tools/raster/gdal.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

int as_int(std::int64_t value) {
  return static_cast<int>(value);
}

void set_colors(GDALRasterBandH band, const ClassLegend& legend) {
  GDALColorTableH table = GDALCreateColorTable(GPI_RGB);
  for (std::size_t k = 0; k < legend.colors.size(); ++k) {
    const auto& [red, green, blue] = legend.colors[k];
    const GDALColorEntry entry = {red, green, blue, 255};
    GDALSetColorEntry(table, static_cast<int>(k), &entry);
  }
  const GDALColorEntry black = {0, 0, 0, 255};
  GDALSetColorEntry(table, legend.no_data, &black);
  GDALSetRasterColorTable(band, table);
  GDALDestroyColorTable(table);
}

/// The factor by which a picture is resized: a longer side above 2048 pixels becomes 2048, one
/// below 1024 is multiplied by the largest whole number that leaves it at most 1024.
double picture_scale(std::int64_t longer) {
  if (longer > 2048) return 2048.0 / static_cast<double>(longer);
  return static_cast<double>(std::max<std::int64_t>(1, 1024 / longer));
}

}  // namespace

ClassRaster::ClassRaster(const std::string& path, std::int64_t height, std::int64_t width,
                         const Georeference& place, const ClassLegend& legend)
    : path_(path), file_(path), legend_(legend) {
  start_gdal();
  CPLErrorReset();
  CPLStringList options;
  options.SetNameValue("COMPRESS", "DEFLATE");
  options.SetNameValue("BIGTIFF", "IF_SAFER");
  dataset_ = GDALCreate(GDALGetDriverByName("GTiff"), file_.temporary().c_str(), as_int(width),
                        as_int(height), 1, GDT_Byte, options.List());
  if (dataset_ == nullptr) gdal_failure(path, "cannot be written as GeoTIFF");
  GDALRasterBandH band = GDALGetRasterBand(dataset_, 1);
  set_colors(band, legend);
  GDALSetRasterNoDataValue(band, legend.no_data);
  for (std::size_t k = 0; k < legend.names.size(); ++k) {
    const std::string key = fmt::format("CLASS_{}", k);
    GDALSetMetadataItem(dataset_, key.c_str(), legend.names[k].c_str(), nullptr);
  }
  if (!place.projection.empty()) GDALSetProjection(dataset_, place.projection.c_str());
  auto transform = place.transform;
  if (place.known()) GDALSetGeoTransform(dataset_, transform.data());
}

ClassRaster::~ClassRaster() {
  if (dataset_ != nullptr) GDALClose(dataset_);
}

void ClassRaster::write(const Window& window, const std::uint8_t* values) {
  CPLErrorReset();
  const CPLErr result = GDALDatasetRasterIO(dataset_, GF_Write, as_int(window.x), as_int(window.y),
                                            as_int(window.width), as_int(window.height),
                                            const_cast<std::uint8_t*>(values), as_int(window.width),
                                            as_int(window.height), GDT_Byte, 1, nullptr, 0, 0, 0);
  if (result != CE_None) gdal_failure(path_, "could not be written");
}

void ClassRaster::write_picture(const std::string& path) const {
  AtomicFile file(path);
  const int width = GDALGetRasterXSize(dataset_), height = GDALGetRasterYSize(dataset_);
  const double scale = picture_scale(std::max(width, height));
  const int shown_width = std::max(1, static_cast<int>(width * scale));
  const int shown_height = std::max(1, static_cast<int>(height * scale));
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shown_width) *
                                   static_cast<std::size_t>(shown_height));
  CPLErrorReset();
  GDALFlushCache(dataset_);
  if (GDALDatasetRasterIO(dataset_, GF_Read, 0, 0, width, height, pixels.data(), shown_width,
                          shown_height, GDT_Byte, 1, nullptr, 0, 0, 0) != CE_None) {
    gdal_failure(path_, "could not be read again");
  }
  GDALDatasetH drawn =
      GDALCreate(GDALGetDriverByName("MEM"), "", shown_width, shown_height, 1, GDT_Byte, nullptr);
  set_colors(GDALGetRasterBand(drawn, 1), legend_);
  const CPLErr copied =
      GDALDatasetRasterIO(drawn, GF_Write, 0, 0, shown_width, shown_height, pixels.data(),
                          shown_width, shown_height, GDT_Byte, 1, nullptr, 0, 0, 0);
  CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", "NO");  // no .aux.xml beside the picture
  GDALDatasetH png = GDALCreateCopy(GDALGetDriverByName("PNG"), file.temporary().c_str(), drawn,
                                    FALSE, nullptr, nullptr, nullptr);
  if (png != nullptr) GDALClose(png);
  CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", nullptr);
  GDALClose(drawn);
  if (png == nullptr || copied != CE_None) gdal_failure(path, "could not be written as PNG");
  file.commit();
}

void ClassRaster::commit() {
  CPLErrorReset();
  GDALClose(dataset_);
  dataset_ = nullptr;
  if (CPLGetLastErrorType() >= CE_Failure) gdal_failure(path_, "could not be written");
  file_.commit();
}

}  // namespace al_mpi
