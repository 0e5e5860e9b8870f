#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/prepare/classes/split_plan.hpp"
#include "tools/raster/image_reader.hpp"
#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// Images sorted into one folder a class: DIR/CLASS/*.tif (or .jpg, .png), at any depth below it.
struct ClassFolders {
  std::string root;                              ///< the folder that holds them
  std::vector<std::string> classes;              ///< folder names, sorted
  std::vector<std::vector<std::string>> images;  ///< [class] -> paths below root, sorted
  /// [class] -> "train", "validation" or "test" of each image; empty where no folders say so
  std::vector<std::vector<std::string>> splits;
  std::vector<std::string> notes;  ///< what the user should know
};

/// Which folder names an image's class: the one right below DIR (top), or the one that the image
/// lies in (parent).
AL_ENUM(ClassFrom, top, parent)

/// Lists the images below `folder` by class. Without `class_from` the folders on top are the
/// classes; where the folders below them look like the classes, it refuses. Folders train, val and
/// test right below DIR are splits, and the classes lie in them. A single folder that holds all
/// others is entered. Throws DataError: no such folder, fewer than two classes, a class without
/// images, splits beside classes.
ClassFolders list_class_folders(const std::string& folder,
                                std::optional<ClassFrom> class_from = {});

struct ClassFolderImport {
  std::string folder;  ///< or a zip file
  std::string output;
  /// .split may be "given" (folders train, val and test), "longitude" or "blocks=KM" too
  SplitRequest split;
  /// Lists of names instead: the pool's, the validation set's, the test set's (given_split.hpp)
  std::vector<std::string> split_files = {};
  std::string licence = "MIT (EuroSAT); contains Copernicus Sentinel data";
  bool force = false;
  std::optional<ClassFrom> class_from = {};
  ImageOptions images = {};
  bool allow_missing_classes = false;
};

struct ClassFolderSummary {
  double scale = 1;  ///< factor by which published counts were scaled down
  std::vector<std::string> notes;
};

/// Writes the dataset file; all images need one size, and the bands, type and scale of most. Throws
/// DataError (ImageSurvey) and ConfigError.
ClassFolderSummary import_class_folders(const ClassFolderImport& import);

}  // namespace al_mpi
