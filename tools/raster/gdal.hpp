#pragma once

#include <string>

namespace al_mpi {

/// Registers GDAL's drivers once, and keeps it silent.
void start_gdal();

/// Throws DataError: `problem`, and GDAL's reason for it.
[[noreturn]] void gdal_failure(const std::string& path, const std::string& problem);

}  // namespace al_mpi
