#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace al_mpi {

/// The images below a folder.
struct ImageFiles {
  std::vector<std::string> paths;            ///< below the folder, sorted: "Forest/a.tif"
  std::vector<std::string> folders;          ///< right below it, sorted
  std::int64_t n_clutter = 0;                ///< hidden and system files and folders, left out
  std::map<std::string, int> other_formats;  ///< ".jp2" -> files that hold images, but are not read

  /// "3 hidden or system files are left out", "2 files of formats that are not read (.jp2)".
  std::vector<std::string> notes() const;
};

/// Lists every image file at any depth below a folder, which may lie inside a zip file
/// (tools/raster/archive.hpp). Throws DataError where there is no such folder.
ImageFiles list_images(const std::string& folder);

}  // namespace al_mpi
