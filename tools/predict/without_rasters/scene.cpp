// Replaces tools/predict/scene.cpp in a build without GDAL (AL_MPI_RASTER=OFF).

#include "tools/predict/scene.hpp"

#include <al_mpi/base/error.hpp>

namespace al_mpi {

SceneSummary predict_scene(const TrainedNetwork&, const std::string&, const SceneRequest& request) {
  throw ConfigError(
      "--image",
      fmt::format("{} is not read: this build is without GDAL (AL_MPI_RASTER=OFF)", request.image));
}

}  // namespace al_mpi
