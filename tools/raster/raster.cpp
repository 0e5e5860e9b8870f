#include "tools/raster/raster.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include <cpl_error.h>
#include <gdal.h>
#include <ogr_srs_api.h>

#include "tools/raster/gdal.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

PixelType pixel_type_of(GDALDatasetH dataset) {
  const GDALDataType type = GDALGetRasterDataType(GDALGetRasterBand(dataset, 1));
  return type == GDT_Byte     ? PixelType::uint8
         : type == GDT_UInt16 ? PixelType::uint16
                              : PixelType::float32;
}

GDALDataType gdal_type(PixelType type) {
  return type == PixelType::uint8 ? GDT_Byte : type == PixelType::uint16 ? GDT_UInt16 : GDT_Float32;
}

}  // namespace

Georeference Georeference::coarser(std::int64_t size) const {
  Georeference coarse = *this;
  for (const std::size_t i : {1, 2, 4, 5}) coarse.transform[i] *= static_cast<double>(size);
  return coarse;
}

bool same_projection(const Georeference& a, const Georeference& b) {
  if (a.projection == b.projection || a.projection.empty() || b.projection.empty()) return true;
  OGRSpatialReferenceH first = OSRNewSpatialReference(a.projection.c_str());
  OGRSpatialReferenceH second = OSRNewSpatialReference(b.projection.c_str());
  const bool same = OSRIsSame(first, second) != 0;
  OSRDestroySpatialReference(first);
  OSRDestroySpatialReference(second);
  return same;
}

bool same_place(const Georeference& a, const Georeference& b) {
  if (!a.known() || !b.known()) return true;
  for (std::size_t i = 0; i < 6; ++i) {
    if (std::abs(a.transform[i] - b.transform[i]) > 0.01 * std::abs(a.transform[1])) return false;
  }
  return true;
}

Raster::Raster(const std::string& path) : path_(path) {
  start_gdal();
  if (!std::filesystem::exists(path)) throw DataError(path, "", "no such file");
  CPLErrorReset();
  const char* drivers[] = {"GTiff", "JPEG", "PNG", nullptr};
  dataset_ = GDALOpenEx(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, drivers, nullptr, nullptr);
  if (dataset_ == nullptr) gdal_failure(path, "not readable as GeoTIFF, JPEG or PNG");
  channels = GDALGetRasterCount(dataset_);
  width = GDALGetRasterXSize(dataset_);
  height = GDALGetRasterYSize(dataset_);
  if (channels == 0) {
    GDALClose(dataset_);
    throw DataError(path, "", "an image without bands");
  }
  pixel_type = pixel_type_of(dataset_);
  for (int band = 1; band <= channels; ++band) {
    band_names.emplace_back(GDALGetDescription(GDALGetRasterBand(dataset_, band)));
  }
  place.projection = GDALGetProjectionRef(dataset_);
  if (GDALGetGeoTransform(dataset_, place.transform.data()) != CE_None) {
    place.transform = Georeference().transform;
  }
  int has_no_data = 0;
  const double value = GDALGetRasterNoDataValue(GDALGetRasterBand(dataset_, 1), &has_no_data);
  if (has_no_data != 0) no_data = value;
}

Raster::~Raster() {
  GDALClose(dataset_);
}

void Raster::read(const Window& window, void* out) const {
  read_as(window, pixel_type, out);
}

void Raster::read_float(const Window& window, float* out) const {
  read_as(window, PixelType::float32, out);
}

void Raster::read_as(const Window& window, PixelType type, void* out) const {
  check(window.x >= 0 && window.y >= 0 && window.x + window.width <= width &&
            window.y + window.height <= height,
        "{}: window outside the image", path_);
  CPLErrorReset();
  const auto as_int = [](std::int64_t value) { return static_cast<int>(value); };
  const CPLErr result = GDALDatasetRasterIO(dataset_, GF_Read, as_int(window.x), as_int(window.y),
                                            as_int(window.width), as_int(window.height), out,
                                            as_int(window.width), as_int(window.height),
                                            gdal_type(type), as_int(channels), nullptr, 0, 0, 0);
  if (result != CE_None) gdal_failure(path_, "the pixels could not be read");
}

bool is_image_name(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::array<const char*, 5> known = {".tif", ".tiff", ".jpg", ".jpeg", ".png"};
  return std::find(known.begin(), known.end(), extension) != known.end();
}

std::vector<std::string> band_names_of(const Raster& raster) {
  if (raster.channels == 13) {
    return {"B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "B12", "B8A"};
  }
  if (raster.channels == 3) return {"B4", "B3", "B2"};
  std::vector<std::string> names = raster.band_names;
  for (std::size_t band = 0; band < names.size(); ++band) {
    if (names[band].empty()) names[band] = fmt::format("band {}", band + 1);
  }
  return names;
}

}  // namespace al_mpi
