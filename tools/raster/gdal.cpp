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
    // A damaged JPEG is an error, not a grey patch. Files beside an image (world files, masks,
    // .aux.xml) are asked for by their names, so that a folder of many images is not listed for
    // each.
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
