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

/// Names of a file inside a zip file and of those beside it that begin as it does without its
/// extension: masks, world files, .aux.xml. GDAL would look through the whole zip file for each.
std::vector<std::string> family_in_archive(const std::string& path);

}  // namespace al_mpi
