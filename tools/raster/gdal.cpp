#include "tools/raster/gdal.hpp"

#include <algorithm>

#include <cpl_conv.h>
#include <cpl_error.h>
#include <gdal.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

void start_gdal() {
  static const bool started = [] {
    CPLSetErrorHandler(CPLQuietErrorHandler);
    // With these settings a damaged JPEG is an error, not a grey patch, and GDAL looks for files
    // beside an image (world files, masks, .aux.xml) by their names: else it would list a folder of
    // many images again for each image.
    CPLSetConfigOption("GDAL_ERROR_ON_LIBJPEG_WARNING", "TRUE");
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "TRUE");
    GDALAllRegister();
    return true;
  }();
  static_cast<void>(started);
}

void gdal_failure(const std::string& path, const std::string& problem) {
  std::string reason = CPLGetLastErrorMsg();
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  throw DataError(path, "", reason.empty() ? problem : fmt::format("{} ({})", problem, reason));
}

}  // namespace al_mpi
