#include "tools/raster/raster.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include <cpl_error.h>
#include <cpl_string.h>
#include <gdal.h>
#include <ogr_srs_api.h>

#include "tools/raster/archive.hpp"
#include "tools/raster/gdal.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/data/sensors.hpp>

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

std::optional<double> number_of(const char* text) {
  if (text == nullptr) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text) return std::nullopt;
  return value;
}

/// An item of the metadata of a dataset or band, in the domains that GDAL's drivers use.
std::optional<double> metadata_number(GDALMajorObjectH object, const std::string& key) {
  for (const char* domain : {"", "IMAGERY"}) {
    if (const auto value = number_of(GDALGetMetadataItem(object, key.c_str(), domain)))
      return value;
  }
  return std::nullopt;
}

std::string metadata_text(GDALMajorObjectH object, const char* key) {
  const char* text = GDALGetMetadataItem(object, key, nullptr);
  return text == nullptr ? "" : text;
}

/// "665 nm" or a band of Sentinel-2, where the metadata hold a wavelength; else empty.
std::string name_from_wavelength(GDALRasterBandH band) {
  for (const char* key : {"wavelength", "WAVELENGTH", "CENTRAL_WAVELENGTH_UM", "center_wavelength",
                          "central_wavelength"}) {
    const auto value = metadata_number(band, key);
    if (!value || *value <= 0) continue;
    return name_by_wavelength(*value < 100 ? *value * 1000 : *value);  // micrometres
  }
  return "";
}

/// Whether a band's name only says its place: "band 3", "Band_3", "b3", "Layer 3".
bool names_its_place(const std::string& name, int band) {
  static const std::regex place("(b|band|layer|channel)[ _-]?0*([0-9]+)", std::regex::icase);
  std::smatch match;
  if (!std::regex_match(name, match, place)) return false;
  const bool real_name = name[0] == 'B' && match[1].length() == 1;  // "B4" is Sentinel-2's
  return !real_name && match[2] == std::to_string(band);
}

std::string color_of(GDALRasterBandH band) {
  switch (GDALGetRasterColorInterpretation(band)) {
    case GCI_RedBand:
      return "red";
    case GCI_GreenBand:
      return "green";
    case GCI_BlueBand:
      return "blue";
    case GCI_AlphaBand:
      return "alpha";
    default:
      return "";
  }
}

/// "0400" from the metadata "04.00", or from a product's name in the path: "..._N0400_R022_...".
std::string baseline_of(GDALDatasetH dataset, const std::string& path) {
  std::string text = metadata_text(dataset, "PROCESSING_BASELINE");
  text.erase(std::remove(text.begin(), text.end(), '.'), text.end());
  if (text.size() == 4) return text;
  static const std::regex product("S2[A-D]_MSIL[12][AC]_[0-9T]+_N([0-9]{4})_");
  std::smatch match;
  return std::regex_search(path, match, product) ? match[1].str() : "";
}

}  // namespace

double Georeference::pixel_size() const {
  if (!known()) return 0;
  const double width = std::hypot(transform[1], transform[4]);
  const double height = std::hypot(transform[2], transform[5]);
  double unit = 1;
  if (!projection.empty()) {
    OGRSpatialReferenceH system = OSRNewSpatialReference(projection.c_str());
    constexpr double metres_a_degree = 111320;  // of latitude
    const bool degrees = OSRIsGeographic(system) != 0;
    if (degrees) {
      OSRDestroySpatialReference(system);
      return height * metres_a_degree;
    }
    unit = OSRGetLinearUnits(system, nullptr);
    OSRDestroySpatialReference(system);
  }
  return std::sqrt(width * height) * unit;
}

std::optional<Place> Georeference::place_of(double x, double y) const {
  if (!known() || projection.empty()) return std::nullopt;
  OGRSpatialReferenceH from = OSRNewSpatialReference(projection.c_str());
  OGRSpatialReferenceH to = OSRNewSpatialReference(SRS_WKT_WGS84_LAT_LONG);
  OSRSetAxisMappingStrategy(from, OAMS_TRADITIONAL_GIS_ORDER);
  OSRSetAxisMappingStrategy(to, OAMS_TRADITIONAL_GIS_ORDER);
  OGRCoordinateTransformationH transformation = OCTNewCoordinateTransformation(from, to);
  double longitude = transform[0] + x * transform[1] + y * transform[2];
  double latitude = transform[3] + x * transform[4] + y * transform[5];
  const bool found = transformation != nullptr &&
                     OCTTransform(transformation, 1, &longitude, &latitude, nullptr) != 0;
  if (transformation != nullptr) OCTDestroyCoordinateTransformation(transformation);
  OSRDestroySpatialReference(from);
  OSRDestroySpatialReference(to);
  if (!found) return std::nullopt;
  return Place{longitude, latitude};
}

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
  if (!is_in_archive(path) && !std::filesystem::exists(path))
    throw DataError(path, "", "no such file");
  CPLErrorReset();
  const char* drivers[] = {"GTiff", "JPEG", "PNG", nullptr};
  CPLStringList family;
  if (is_in_archive(path)) {
    for (const auto& name : family_in_archive(path)) family.AddString(name.c_str());
  }
  dataset_ =
      GDALOpenEx(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, drivers, nullptr, family.List());
  if (dataset_ == nullptr) gdal_failure(path, "not readable as GeoTIFF, JPEG or PNG");
  channels = GDALGetRasterCount(dataset_);
  width = GDALGetRasterXSize(dataset_);
  height = GDALGetRasterYSize(dataset_);
  if (channels == 0) {
    GDALClose(dataset_);
    throw DataError(path, "", "an image without bands");
  }
  try {
    read_facts();
  } catch (...) {
    GDALClose(dataset_);
    throw;
  }
}

void Raster::read_facts() {
  pixel_type = pixel_type_of(dataset_);
  GDALRasterBandH first = GDALGetRasterBand(dataset_, 1);
  stored_type = GDALGetDataTypeName(GDALGetRasterDataType(first));
  if (GDALDataTypeIsComplex(GDALGetRasterDataType(first)) != 0) {
    throw DataError(
        path_, "",
        fmt::format("complex numbers ({}): real ones are expected, e.g. the backscatter",
                    stored_type));
  }
  place.projection = GDALGetProjectionRef(dataset_);
  if (GDALGetGeoTransform(dataset_, place.transform.data()) != CE_None) {
    place.transform = Georeference().transform;
  }
  baseline = baseline_of(dataset_, path_);
  // Sentinel-2's products have metadata of their own for what GDAL's tags say.
  auto added = metadata_number(dataset_, "RADIO_ADD_OFFSET");
  if (!added) added = metadata_number(dataset_, "BOA_ADD_OFFSET");
  auto quantum = metadata_number(dataset_, "QUANTIFICATION_VALUE");
  if (!quantum) quantum = metadata_number(dataset_, "BOA_QUANTIFICATION_VALUE");
  const bool quantified = added && quantum && *quantum > 0;
  for (int i = 1; i <= channels; ++i) {
    GDALRasterBandH band = GDALGetRasterBand(dataset_, i);
    RasterBand facts;
    facts.name = trimmed(GDALGetDescription(band));
    if (names_its_place(facts.name, i)) facts.name.clear();
    if (facts.name.empty()) facts.name = name_from_wavelength(band);
    facts.color = color_of(band);
    int given = 0;
    const double scale = GDALGetRasterScale(band, &given);
    if (given != 0 && scale != 0) facts.scale = scale;
    const double offset = GDALGetRasterOffset(band, &given);
    if (given != 0) facts.offset = offset;
    if (facts.scale == 1 && facts.offset == 0) {
      auto of_band = metadata_number(band, "RADIO_ADD_OFFSET");
      if (!of_band) of_band = metadata_number(band, "BOA_ADD_OFFSET");
      if (!of_band) of_band = added;
      if (quantified) facts.scale = 1 / *quantum;
      if (of_band) facts.offset = *of_band * facts.scale;
    }
    const double value = GDALGetRasterNoDataValue(band, &given);
    if (given != 0) facts.no_data = value;
    bands.push_back(facts);
  }
  if (channels == 1 && GDALGetRasterColorInterpretation(first) == GCI_PaletteIndex) {
    GDALColorTableH table = GDALGetRasterColorTable(first);
    for (int i = 0; table != nullptr && i < GDALGetColorEntryCount(table); ++i) {
      GDALColorEntry entry = {0, 0, 0, 255};
      GDALGetColorEntryAsRGB(table, i, &entry);
      palette.push_back({static_cast<std::uint8_t>(entry.c1), static_cast<std::uint8_t>(entry.c2),
                         static_cast<std::uint8_t>(entry.c3), static_cast<std::uint8_t>(entry.c4)});
    }
  }
  const int flags = GDALGetMaskFlags(first);
  has_mask = (flags & GMF_PER_DATASET) != 0 && (flags & GMF_ALPHA) == 0;
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

void Raster::read_band(std::int64_t band, const Window& window, PixelType type, void* out) const {
  check(band >= 0 && band < channels, "{}: band {}", path_, band);
  CPLErrorReset();
  const auto as_int = [](std::int64_t value) { return static_cast<int>(value); };
  GDALRasterBandH from = GDALGetRasterBand(dataset_, as_int(band + 1));
  const CPLErr result =
      GDALRasterIO(from, GF_Read, as_int(window.x), as_int(window.y), as_int(window.width),
                   as_int(window.height), out, as_int(window.width), as_int(window.height),
                   gdal_type(type), 0, 0);
  if (result != CE_None) gdal_failure(path_, "the pixels could not be read");
}

void Raster::read_mask(const Window& window, std::uint8_t* out) const {
  CPLErrorReset();
  const auto as_int = [](std::int64_t value) { return static_cast<int>(value); };
  GDALRasterBandH mask = GDALGetMaskBand(GDALGetRasterBand(dataset_, 1));
  const CPLErr result = GDALRasterIO(mask, GF_Read, as_int(window.x), as_int(window.y),
                                     as_int(window.width), as_int(window.height), out,
                                     as_int(window.width), as_int(window.height), GDT_Byte, 0, 0);
  if (result != CE_None) gdal_failure(path_, "the mask could not be read");
}

bool is_image_name(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::array<const char*, 5> known = {".tif", ".tiff", ".jpg", ".jpeg", ".png"};
  return std::find(known.begin(), known.end(), extension) != known.end();
}

bool is_clutter(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  static const std::array<const char*, 5> known = {"__MACOSX", "@eaDir", "$RECYCLE.BIN",
                                                   "System Volume Information", "lost+found"};
  return name.empty() || name[0] == '.' || name[0] == '~' ||
         std::find(known.begin(), known.end(), name) != known.end();
}

}  // namespace al_mpi
