#include "tools/raster/archive.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <mutex>

#include <cpl_string.h>
#include <cpl_vsi.h>

#include "tools/raster/gdal.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

const std::string prefix = "/vsizip/";

}  // namespace

std::string opened_archive(const std::string& path) {
  std::string extension = fs::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension != ".zip" || !fs::is_regular_file(path)) return path;
  return prefix + fs::absolute(path).string();
}

bool is_in_archive(const std::string& path) {
  return path.rfind(prefix, 0) == 0;
}

std::vector<std::string> files_in_archive(const std::string& folder) {
  start_gdal();
  char** entries = VSIReadDirRecursive(folder.c_str());
  if (entries == nullptr) {
    throw DataError(folder.substr(prefix.size()), "",
                    "not readable as a zip file (damaged, or cut off while it was copied?)");
  }
  std::vector<std::string> files;
  for (char** entry = entries; *entry != nullptr; ++entry) {
    const std::string path = *entry;
    if (!path.empty() && path.back() != '/') files.push_back(path);
  }
  CSLDestroy(entries);
  return files;
}

std::vector<std::string> family_in_archive(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<std::string>> sorted;  // by folder
  const std::string folder = fs::path(path).parent_path().string();
  const std::string stem = fs::path(path).stem().string();
  const std::lock_guard<std::mutex> lock(mutex);
  const auto [found, is_new] = sorted.try_emplace(folder);
  std::vector<std::string>& names = found->second;
  if (is_new) {
    char** entries = VSIReadDir(folder.c_str());
    for (char** entry = entries; entry != nullptr && *entry != nullptr; ++entry) {
      names.emplace_back(*entry);
    }
    CSLDestroy(entries);
    std::sort(names.begin(), names.end());
  }
  const auto first = std::lower_bound(names.begin(), names.end(), stem);
  auto last = first;
  while (last != names.end() && last->rfind(stem, 0) == 0) ++last;
  return {first, last};
}

}  // namespace al_mpi
