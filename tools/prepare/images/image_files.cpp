#include "tools/prepare/images/image_files.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include <fmt/ranges.h>

#include "tools/raster/archive.hpp"
#include "tools/raster/raster.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// Extensions of pictures and arrays that are not read, though users may expect it.
const std::set<std::string> image_extensions = {".jp2",  ".j2k", ".img", ".vrt", ".nc",
                                                ".hdf",  ".h5",  ".bmp", ".gif", ".dat",
                                                ".webp", ".npy", ".npz", ".pt"};

class Listing {
 public:
  /// Adds a file, given by its path below the folder.
  void add(const std::string& file) {
    const fs::path path = file;
    for (const auto& part : path) {
      if (is_clutter(part.string())) return add_clutter();
    }
    if (path.has_parent_path()) add_folder(path.begin()->string());
    if (is_image_name(file)) return found_.paths.push_back(file);
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (image_extensions.count(extension) > 0) ++found_.other_formats[extension];
  }

  void add_folder(const std::string& name) { folders_.insert(name); }
  void add_clutter() { ++found_.n_clutter; }

  ImageFiles sorted() {
    found_.folders.assign(folders_.begin(), folders_.end());
    std::sort(found_.paths.begin(), found_.paths.end());
    return found_;
  }

 private:
  ImageFiles found_;
  std::set<std::string> folders_;
};

}  // namespace

std::vector<std::string> ImageFiles::notes() const {
  std::vector<std::string> all;
  if (n_clutter > 0) {
    all.push_back(fmt::format("{} hidden or system files and folders are left out", n_clutter));
  }
  for (const auto& [extension, n] : other_formats) {
    all.push_back(
        fmt::format("{} {} files are not read (GeoTIFF, JPEG and PNG are: gdal_translate "
                    "makes them)",
                    n, extension));
  }
  return all;
}

ImageFiles list_images(const std::string& folder) {
  Listing listing;
  if (is_in_archive(folder)) {
    for (const auto& path : files_in_archive(folder)) listing.add(path);
    return listing.sorted();
  }
  if (!fs::is_directory(folder)) {
    throw DataError(folder, "", "no such folder");
  }
  for (auto entry = fs::recursive_directory_iterator(
           folder, fs::directory_options::follow_directory_symlink);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const fs::path& path = entry->path();
    if (entry->is_directory()) {
      if (entry.depth() > 32)
        throw DataError(path.string(), "", "folders nested too deeply (a loop?)");
      if (is_clutter(path.string())) {
        listing.add_clutter();
        entry.disable_recursion_pending();
      } else if (entry.depth() == 0) {
        listing.add_folder(path.filename().string());
      }
    } else {
      listing.add(path.lexically_relative(folder).string());
    }
  }
  return listing.sorted();
}

}  // namespace al_mpi
