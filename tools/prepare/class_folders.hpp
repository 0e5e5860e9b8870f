#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/prepare/split_plan.hpp"

namespace al_mpi {

/// Images sorted into one folder a class: DIR/CLASS/*.tif (or .jpg, .png).
struct ClassFolders {
  std::vector<std::string> classes;              ///< folder names, sorted
  std::vector<std::vector<std::string>> images;  ///< [class] -> paths, sorted
};

/// Throws DataError: no such folder, fewer than two classes, a class without images.
ClassFolders list_class_folders(const std::string& folder);

struct ClassFolderImport {
  std::string folder;
  std::string output;
  SplitRequest split;
  std::string licence = "MIT (EuroSAT); contains Copernicus Sentinel data";
  bool force = false;
};

/// Writes the dataset file; all images need the size, band count and pixel type of the first one.
/// Returns the factor by which published counts were scaled down.
double import_class_folders(const ClassFolderImport& import);

}  // namespace al_mpi
