#include "tools/prepare/class_folders.hpp"

#include <algorithm>
#include <filesystem>

#include "tools/prepare/output_file.hpp"
#include "tools/prepare/progress.hpp"
#include "tools/raster/raster.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset_writer.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> images_in(const fs::path& folder) {
  std::vector<std::string> images;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && is_image_name(entry.path().string())) {
      images.push_back(entry.path().string());
    }
  }
  std::sort(images.begin(), images.end());
  return images;
}

DatasetDescription describe(const ClassFolderImport& import, const ClassFolders& folders) {
  const Raster first(folders.images[0][0]);
  DatasetDescription description;
  description.classes = folders.classes;
  description.bands = band_names_of(first);
  description.pixel_type = first.pixel_type;
  description.height = first.height;
  description.width = first.width;
  description.source =
      fmt::format("EuroSAT images, split {}, seed {}", import.split.split, import.split.seed);
  description.licence = import.licence;
  return description;
}

void check_same_kind(const Raster& image, const DatasetDescription& expected) {
  const auto n_bands = static_cast<std::int64_t>(expected.bands.size());
  if (image.channels == n_bands && image.height == expected.height &&
      image.width == expected.width && image.pixel_type == expected.pixel_type) {
    return;
  }
  throw DataError(
      image.path(), "",
      fmt::format("{} bands of {} x {} {} pixels (the first image has {} of {} x {} {})",
                  image.channels, image.height, image.width, to_string(image.pixel_type), n_bands,
                  expected.height, expected.width, to_string(expected.pixel_type)));
}

}  // namespace

ClassFolders list_class_folders(const std::string& folder) {
  if (!fs::is_directory(folder)) throw DataError(folder, "", "no such folder");
  ClassFolders found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name[0] != '.') found.classes.push_back(name);
  }
  std::sort(found.classes.begin(), found.classes.end());
  if (found.classes.size() < 2) {
    throw DataError(folder, "",
                    fmt::format("{} class folders (at least 2 expected, as in DIR/Forest/*.tif)",
                                found.classes.size()));
  }
  for (const auto& name : found.classes) {
    const fs::path path = fs::path(folder) / name;
    found.images.push_back(images_in(path));
    if (found.images.back().empty())
      throw DataError(path.string(), "", "no images (.tif, .jpg, .png) in this class");
  }
  return found;
}

double import_class_folders(const ClassFolderImport& import) {
  refuse_to_overwrite(import.output, import.force);
  const ClassFolders folders = list_class_folders(import.folder);
  std::vector<std::int64_t> available;
  for (const auto& images : folders.images)
    available.push_back(static_cast<std::int64_t>(images.size()));
  const SplitPlan plan = plan_split(available, import.split);
  const DatasetDescription description = describe(import, folders);

  std::size_t total = 0;
  for (const auto& [name, members] : plan.members) total += members.size();
  Progress progress("reading images", static_cast<std::int64_t>(total));
  std::map<std::string, SplitSource> splits;
  for (const auto& [name, of_split] : plan.members) {
    const auto read = [&, members = &of_split](std::int64_t i, Sample& sample) {
      const Member& member = (*members)[static_cast<std::size_t>(i)];
      const auto& path = folders.images[static_cast<std::size_t>(member.label)]
                                       [static_cast<std::size_t>(member.index)];
      const Raster image(path);
      check_same_kind(image, description);
      image.read(sample.image.data());
      sample.label = member.label;
      sample.name = fs::path(path).lexically_relative(import.folder).string();
      progress.step();
    };
    splits[name] = {static_cast<std::int64_t>(of_split.size()), read};
  }
  write_dataset(import.output, description, splits);
  return plan.scale;
}

}  // namespace al_mpi
