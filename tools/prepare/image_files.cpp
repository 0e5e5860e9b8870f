#include "tools/prepare/image_files.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include <fmt/ranges.h>

#include "tools/raster/raster.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// Extensions of pictures and arrays that someone may expect to be read.
const std::set<std::string> image_extensions = {".jp2",  ".j2k", ".img", ".vrt", ".nc",
                                                ".hdf",  ".h5",  ".bmp", ".gif", ".dat",
                                                ".webp", ".npy", ".npz", ".pt"};

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
  if (!fs::is_directory(folder)) throw DataError(folder, "", "no such folder");
  ImageFiles found;
  for (auto entry = fs::recursive_directory_iterator(
           folder, fs::directory_options::follow_directory_symlink);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const fs::path& path = entry->path();
    if (is_clutter(path.string())) {
      ++found.n_clutter;
      if (entry->is_directory()) entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_directory()) {
      if (entry.depth() > 32)
        throw DataError(path.string(), "", "folders nested too deeply (a loop?)");
      if (entry.depth() == 0) found.folders.push_back(path.filename().string());
    } else if (is_image_name(path.string())) {
      found.paths.push_back(path.lexically_relative(folder).string());
    } else {
      std::string extension = path.extension().string();
      std::transform(extension.begin(), extension.end(), extension.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (image_extensions.count(extension) > 0) ++found.other_formats[extension];
    }
  }
  std::sort(found.paths.begin(), found.paths.end());
  std::sort(found.folders.begin(), found.folders.end());
  return found;
}

}  // namespace al_mpi
