#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// If `path` is a zip file, the path of a folder under which GDAL reads its content; else `path`.
std::string opened_archive(const std::string& path);

/// Whether `path` is inside a zip file, as opened_archive() writes it.
bool is_in_archive(const std::string& path);

/// Paths of all files at any depth below a folder inside a zip file. Throws DataError where it
/// cannot be read.
std::vector<std::string> files_in_archive(const std::string& folder);

}  // namespace al_mpi
