#include "tools/prepare/classes/class_folders.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/ranges.h>

#include "tools/prepare/classes/given_split.hpp"
#include "tools/prepare/images/image_files.hpp"
#include "tools/prepare/images/image_survey.hpp"
#include "tools/prepare/output/progress.hpp"
#include "tools/raster/archive.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/base/text.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// The names that people give to folders of splits -> the names of the splits.
const std::map<std::string, std::string> split_names = {
    {"train", "train"},      {"training", "train"},        {"val", "validation"},
    {"valid", "validation"}, {"validation", "validation"}, {"dev", "validation"},
    {"test", "test"},        {"testing", "test"}};

std::string split_of(std::string folder) {
  std::transform(folder.begin(), folder.end(), folder.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found = split_names.find(folder);
  return found == split_names.end() ? "" : found->second;
}

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto& part : fs::path(path)) parts.push_back(part.string());
  return parts;
}

class Listing {
 public:
  Listing(const std::string& folder, std::optional<ClassFrom> class_from)
      : folder_(folder), class_from_(class_from) {}

  ClassFolders run() {
    enter();
    const bool split = look_for_splits();
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> of_class;
    std::size_t n_loose = 0, n_nested = 0;
    for (const std::string& path : files_.paths) {
      auto parts = parts_of(path);
      const std::string in_split = split ? split_of(parts[0]) : "";
      if (split) parts.erase(parts.begin());
      if (parts.size() < 2) {
        ++n_loose;
        continue;
      }
      if (parts.size() > 2) ++n_nested;
      const std::string& name =
          class_from_ == ClassFrom::parent ? parts[parts.size() - 2] : parts[0];
      of_class[name].emplace_back(path, in_split);
      if (parts.size() == 2) has_own_.insert(parts[0]);
      if (parts.size() > 2) below_[parts[0]].insert(parts[1]);
    }
    refuse_classes_below();
    refuse_empty(of_class, split);
    if (of_class.size() < 2) {
      throw DataError(
          out_.root, "",
          fmt::format("{} class folders (at least 2 expected, as in DIR/Forest/*.tif){}",
                      of_class.size(),
                      n_loose > 0 ? fmt::format("; {} images lie in no folder", n_loose) : ""));
    }
    for (const auto& [name, images] : of_class) {
      out_.classes.push_back(name);
      out_.images.emplace_back();
      out_.splits.emplace_back();
      for (const auto& [path, in_split] : images) {
        out_.images.back().push_back(path);
        if (split) out_.splits.back().push_back(in_split);
      }
    }
    out_.notes = files_.notes();
    if (out_.root != folder_)
      out_.notes.push_back(fmt::format("the class folders lie in {}", out_.root));
    if (n_loose > 0)
      out_.notes.push_back(
          fmt::format("{} images lie in no class folder and are left out", n_loose));
    if (n_nested > 0 && class_from_ != ClassFrom::parent) {
      out_.notes.push_back(fmt::format("{} images lie in sub-folders of their class", n_nested));
    }
    return out_;
  }

 private:
  /// Enters a single folder that holds all others, as an unpacked archive often has one.
  void enter() {
    out_.root = folder_;
    files_ = list_images(out_.root);
    while (files_.folders.size() == 1) {
      const std::string below = (fs::path(out_.root) / files_.folders[0]).string();
      ImageFiles inner = list_images(below);
      if (inner.folders.empty() || inner.paths.size() != files_.paths.size()) break;
      inner.n_clutter = files_.n_clutter;
      out_.root = below;
      files_ = inner;
    }
  }

  bool look_for_splits() {
    std::vector<std::string> splits, others;
    for (const auto& name : files_.folders)
      (split_of(name).empty() ? others : splits).push_back(name);
    if (splits.empty()) return false;
    if (!others.empty()) {
      throw DataError(
          out_.root, "",
          fmt::format("folders of splits ({}) lie beside {} others ({}), which would all be "
                      "classes (give the folder that holds the classes alone)",
                      fmt::join(splits, ", "), others.size(), first_three(others)));
    }
    return true;
  }

  /// Throws where the folders below look like the classes (DIR/summer/Forest, DIR/winter/Forest).
  void refuse_classes_below() const {
    if (class_from_) return;
    std::map<std::string, int> counts;
    for (const auto& [upper, lower] : below_) {
      if (has_own_.count(upper) > 0) continue;
      for (const auto& name : lower) ++counts[name];
    }
    std::vector<std::string> repeated;
    for (const auto& [name, n] : counts) {
      if (n > 1) repeated.push_back(name);
    }
    if (repeated.size() < 2) return;
    std::vector<std::string> upper;
    for (const auto& [name, lower] : below_) upper.push_back(name);
    throw DataError(
        out_.root, "",
        fmt::format("{} hold folders of the same names ({}): --class-from parent takes those "
                    "as the classes, --class-from top the upper ones",
                    first_three(upper), first_three(repeated)));
  }

  template <class Classes>
  void refuse_empty(const Classes& of_class, bool split) const {
    if (split || class_from_ == ClassFrom::parent) return;
    for (const auto& name : files_.folders) {
      if (of_class.count(name) > 0) continue;
      throw DataError((fs::path(out_.root) / name).string(), "",
                      "no images (.tif, .jpg, .png) in this class");
    }
  }

  const std::string& folder_;
  std::optional<ClassFrom> class_from_;
  ClassFolders out_;
  ImageFiles files_;
  std::set<std::string> has_own_;                       // top folders with images right in them
  std::map<std::string, std::set<std::string>> below_;  // top folder -> its sub-folders with images
};

/// The plan for images whose splits are given by their folders or by lists.
SplitPlan given_plan(const ClassFolders& folders, std::int64_t seed) {
  SplitPlan plan;
  for (std::size_t k = 0; k < folders.classes.size(); ++k) {
    for (std::size_t i = 0; i < folders.images[k].size(); ++i) {
      plan.members[folders.splits[k][i]].push_back(
          {static_cast<std::int64_t>(k), static_cast<std::int64_t>(i)});
    }
  }
  for (const char* name : {"train", "test"}) {
    if (plan.members.count(name) > 0) continue;
    throw DataError(
        folders.root, "",
        fmt::format("no images in a folder '{}' (--split given takes train, test and, where "
                    "it is there, val)",
                    name));
  }
  for (auto& [split, members] : plan.members)
    RngStream(seed, "split_order_" + split).shuffle(members);
  return plan;
}

SplitPlan plan_of(const ClassFolderImport& import, const ClassFolders& folders) {
  const bool has_splits = !folders.splits[0].empty();
  if (has_splits && (!import.split_files.empty() || splits_by_place(import.split.split))) {
    return given_plan(folders, import.split.seed);
  }
  if (import.split.split == "given") {
    if (!has_splits)
      throw DataError(folders.root, "", "no folders train and test, which --split given takes");
    if (import.split.n_test >= 0 || import.split.n_validation > 0) {
      throw ConfigError("--test",
                        "--split given takes test and validation images as the folders say");
    }
    return given_plan(folders, import.split.seed);
  }
  if (has_splits) {
    throw DataError(
        folders.root, "",
        "holds folders of splits (train, val, test), no classes: --split given takes them as "
        "the pool, the validation and the test set; DIR/train takes that one alone");
  }
  std::vector<std::int64_t> available;
  for (const auto& images : folders.images)
    available.push_back(static_cast<std::int64_t>(images.size()));
  return plan_split(available, import.split);
}

/// Fills in the splits by the images' places on Earth.
void assign_by_place(ClassFolders& folders, const SplitRequest& request) {
  std::vector<Place> places;
  std::vector<std::string> unknown;
  for (const auto& images : folders.images) {
    for (const auto& name : images) {
      const Raster image((fs::path(folders.root) / name).string());
      const auto place = image.center();
      if (!place) unknown.push_back(name);
      places.push_back(place.value_or(Place{}));
    }
  }
  if (!unknown.empty()) {
    throw DataError(
        folders.root, "",
        fmt::format("{} of {} images say nowhere where on Earth they lie ({}), which "
                    "--split {} needs (--split-files takes a split that is given)",
                    unknown.size(), places.size(), first_three(unknown), request.split));
  }
  const auto splits = split_by_place(places, request);
  auto next = splits.begin();
  for (std::size_t k = 0; k < folders.images.size(); ++k) {
    const auto n = static_cast<std::ptrdiff_t>(folders.images[k].size());
    folders.splits[k].assign(next, next + n);
    next += n;
  }
}

/// Leaves out images without any value, or with too few of them. Returns how many.
std::size_t survey(ClassFolders& folders, const ImageOptions& options, ImageSurvey& survey) {
  std::size_t n_images = 0, n_left_out = 0;
  for (const auto& images : folders.images) n_images += images.size();
  Progress progress("looking at images", static_cast<std::int64_t>(n_images));
  for (std::size_t k = 0; k < folders.classes.size(); ++k) {
    std::vector<std::string> images, splits;
    for (std::size_t i = 0; i < folders.images[k].size(); ++i) {
      const double missing =
          survey.look_at((fs::path(folders.root) / folders.images[k][i]).string());
      progress.step();
      if (missing >= 1 || missing > options.max_no_data) {
        ++n_left_out;
        continue;
      }
      images.push_back(folders.images[k][i]);
      if (!folders.splits[k].empty()) splits.push_back(folders.splits[k][i]);
    }
    folders.images[k] = images;
    folders.splits[k] = splits;
  }
  return n_left_out;
}

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

ClassFolders list_class_folders(const std::string& folder, std::optional<ClassFrom> class_from) {
  return Listing(folder, class_from).run();
}

ClassFolderSummary import_class_folders(const ClassFolderImport& import) {
  refuse_to_overwrite(import.output, import.force);
  ClassFolders folders = list_class_folders(opened_archive(import.folder), import.class_from);
  const bool by_place = import.split_files.empty() && splits_by_place(import.split.split);
  if (!folders.splits[0].empty() && (by_place || !import.split_files.empty())) {
    throw DataError(folders.root, "",
                    "holds folders of splits (train, val, test), which --split given takes");
  }
  ClassFolderSummary summary;
  if (!import.split_files.empty()) {
    if (import.split.n_test >= 0 || import.split.n_validation > 0) {
      throw ConfigError("--test",
                        "--split-files takes test and validation images as its lists say");
    }
    summary.notes = split_by_lists(folders, import.split_files);
  }
  // A request that cannot be meant is refused before the images are looked at.
  if (!by_place) plan_of(import, folders);
  ImageSurvey images(folders.root, import.images, true, true);
  const std::size_t n_left_out = survey(folders, import.images, images);
  DatasetDescription description;
  images.decide(description);
  description.classes = folders.classes;
  description.source =
      import.split_files.empty()
          ? fmt::format("EuroSAT images, split {}, seed {}", import.split.split, import.split.seed)
          : std::string("EuroSAT images, split by lists");
  description.licence = import.licence;
  description.learnable = !import.allow_missing_classes;
  for (std::size_t k = 0; k < folders.classes.size(); ++k) {
    if (!folders.images[k].empty()) continue;
    throw DataError(
        folders.root, "",
        fmt::format("every image of {} is left out for its missing values (--max-no-data)",
                    folders.classes[k]));
  }
  if (by_place) assign_by_place(folders, import.split);
  const SplitPlan plan = plan_of(import, folders);

  summary.scale = plan.scale;
  append(summary.notes, folders.notes);
  append(summary.notes, images.notes());
  if (n_left_out > 0) {
    summary.notes.push_back(fmt::format(
        "{} images are left out: no value, or more than --max-no-data are missing", n_left_out));
  }
  std::size_t total = 0;
  for (const auto& [name, members] : plan.members) total += members.size();
  Progress progress("reading images", static_cast<std::int64_t>(total));
  std::map<std::string, SplitSource> splits;
  for (const auto& [name, of_split] : plan.members) {
    const auto read = [&, members = &of_split](std::int64_t i, Sample& sample) {
      const Member& member = (*members)[static_cast<std::size_t>(i)];
      sample.name = folders.images[static_cast<std::size_t>(member.label)]
                                  [static_cast<std::size_t>(member.index)];
      const Raster image((fs::path(folders.root) / sample.name).string());
      read_sample(image, import.images, true, {0, 0, image.width, image.height},
                  description.pixel_type, sample);
      sample.label = member.label;
      sample.place = image.center();
      progress.step();
    };
    splits[name] = {static_cast<std::int64_t>(of_split.size()), read};
  }
  write_dataset(import.output, description, splits);
  return summary;
}

}  // namespace al_mpi
