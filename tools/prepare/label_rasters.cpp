#include "tools/prepare/label_rasters.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "tools/prepare/output_file.hpp"
#include "tools/prepare/progress.hpp"
#include "tools/raster/raster.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/data/dataset_writer.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> dynamic_world_classes = {
    "no data", "water", "trees",        "grass", "flooded vegetation", "crops", "shrub and scrub",
    "built",   "bare",  "snow and ice", "cloud"};

struct Pair {
  std::string name;  // path below the folder, without extension
  std::string image, labels;
  std::vector<Window> tiles;
};

std::map<std::string, std::string> images_below(const std::string& folder) {
  if (!fs::is_directory(folder)) throw DataError(folder, "", "no such folder");
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !is_image_name(entry.path().string())) continue;
    found[entry.path().lexically_relative(folder).replace_extension().string()] =
        entry.path().string();
  }
  if (found.empty()) throw DataError(folder, "", "no images (.tif, .jpg, .png) below it");
  return found;
}

/// Looks at every pair, remembers what is wrong with it, and cuts it into tiles.
class Survey {
 public:
  explicit Survey(const LabelRasterImport& import) : import_(import) {}

  std::vector<Pair> pairs;
  std::int64_t n_dropped = 0;
  DatasetDescription description;

  void run() {
    find_pairs();
    Progress progress("looking at pairs", static_cast<std::int64_t>(pairs.size()));
    for (auto& pair : pairs) {
      try {
        look_at(pair);
      } catch (const DataError& error) {
        problems_.emplace_back(error.what());
      }
      progress.step();
    }
    if (!problems_.empty()) report();
  }

 private:
  [[noreturn]] void report() const {
    constexpr std::size_t n_shown = 30;  // a wrong --tile spoils every image
    const std::size_t n = problems_.size();
    const auto end = problems_.begin() + static_cast<std::ptrdiff_t>(std::min(n, n_shown));
    const std::string more = n > n_shown ? fmt::format("\n  and {} more", n - n_shown) : "";
    throw DataError(import_.images, "",
                    fmt::format("{} of the images or label rasters cannot be used:\n  {}{}", n,
                                fmt::join(problems_.begin(), end, "\n  "), more));
  }

  void find_pairs() {
    auto labels = images_below(import_.labels);
    for (const auto& [name, image] : images_below(import_.images)) {
      const auto partner = labels.find(name);
      if (partner == labels.end()) {
        problems_.push_back(
            fmt::format("{}: no label raster of this name in {}", image, import_.labels));
        continue;
      }
      pairs.push_back({name, image, partner->second, {}});
      labels.erase(partner);
    }
    for (const auto& [name, path] : labels) {
      problems_.push_back(fmt::format("{}: no image of this name in {}", path, import_.images));
    }
  }

  void look_at(Pair& pair) {
    const Raster image(pair.image), labels(pair.labels);
    check_image(image);
    check_labels(image, labels);
    std::vector<std::uint8_t> map(static_cast<std::size_t>(import_.tile * import_.tile));
    for (std::int64_t y = 0; y + import_.tile <= image.height; y += import_.tile) {
      for (std::int64_t x = 0; x + import_.tile <= image.width; x += import_.tile) {
        const Window window{x, y, import_.tile, import_.tile};
        labels.read(window, map.data());
        const int largest = *std::max_element(map.begin(), map.end());
        if (largest > 10)
          throw DataError(pair.labels, "", fmt::format("label {} (expected 0..10)", largest));
        const auto n_empty = std::count(map.begin(), map.end(), 0);
        const double share = 1.0 - static_cast<double>(n_empty) / static_cast<double>(map.size());
        if (share > 0.0 && share >= import_.min_labeled) {
          pair.tiles.push_back(window);
        } else {
          ++n_dropped;
        }
      }
    }
  }

  void check_image(const Raster& image) {
    if (description.bands.empty()) {  // the first one says what the others have to be
      description.bands = band_names_of(image);
      description.pixel_type = image.pixel_type;
    }
    if (image.channels != static_cast<std::int64_t>(description.bands.size()) ||
        image.pixel_type != description.pixel_type) {
      throw DataError(image.path(), "",
                      fmt::format("{} bands of {} (the first image has {} of {})", image.channels,
                                  to_string(image.pixel_type), description.bands.size(),
                                  to_string(description.pixel_type)));
    }
    if (image.height < import_.tile || image.width < import_.tile) {
      throw DataError(image.path(), "",
                      fmt::format("{} x {} pixels, smaller than a tile of {} (--tile)",
                                  image.height, image.width, import_.tile));
    }
  }

  static void check_labels(const Raster& image, const Raster& labels) {
    const auto fail = [&](const std::string& problem) {
      throw DataError(labels.path(), "", problem);
    };
    if (labels.channels != 1 || labels.pixel_type != PixelType::uint8) {
      fail(fmt::format("{} bands of {} (expected one of uint8)", labels.channels,
                       to_string(labels.pixel_type)));
    }
    if (labels.height != image.height || labels.width != image.width) {
      fail(fmt::format("{} x {} pixels, but its image has {} x {}", labels.height, labels.width,
                       image.height, image.width));
    }
    if (!same_projection(image.place, labels.place)) fail("another projection than its image");
    if (!same_place(image.place, labels.place))
      fail("another position or pixel size than its image");
  }

  const LabelRasterImport& import_;
  std::vector<std::string> problems_;
};

struct Tile {
  const Pair* pair;
  Window window;
};

std::map<std::string, std::vector<Tile>> split_tiles(const std::vector<Pair>& pairs,
                                                     const LabelRasterImport& import) {
  std::int64_t n_tiles = 0;
  for (const auto& pair : pairs) n_tiles += static_cast<std::int64_t>(pair.tiles.size());
  if (n_tiles == 0) {
    throw DataError(import.labels, "",
                    fmt::format("no tile of the {} label rasters has {} labelled pixels",
                                pairs.size(), import.min_labeled > 0 ? "enough" : "any"));
  }
  const std::int64_t n_test =
      import.n_test < 0 ? std::max<std::int64_t>(n_tiles / 3, 1) : import.n_test;
  std::map<std::string, std::vector<Tile>> splits;
  auto &test = splits["test"], &train = splits["train"];
  for (const auto i : RngStream(import.seed, "split_images")
                          .permutation(static_cast<std::int64_t>(pairs.size()))) {
    const Pair& pair = pairs[static_cast<std::size_t>(i)];
    auto& split = static_cast<std::int64_t>(test.size()) < n_test ? test : train;
    for (const auto& window : pair.tiles) split.push_back({&pair, window});
  }
  if (train.empty() || test.empty()) {
    throw ConfigError(
        "--test", fmt::format("{} test tiles leave none of the {} for the pool (whole images go "
                              "to either)",
                              n_test, n_tiles));
  }
  RngStream(import.seed, "split_order_train").shuffle(train);
  RngStream(import.seed, "split_order_test").shuffle(test);
  return splits;
}

void check_options(const LabelRasterImport& import) {
  if (import.tile < 1 || import.tile > 8192)
    throw ConfigError("--tile", "expected 1 .. 8192 pixels");
  if (!(import.min_labeled >= 0.0 && import.min_labeled <= 1.0)) {
    throw ConfigError("--min-labeled", "expected a share, 0 .. 1");
  }
  refuse_to_overwrite(import.output, import.force);
}

}  // namespace

LabelRasterSummary import_label_rasters(const LabelRasterImport& import) {
  check_options(import);
  Survey survey(import);
  survey.run();
  const auto tiles = split_tiles(survey.pairs, import);
  DatasetDescription description = survey.description;
  description.task = Task::segmentation;
  description.classes = dynamic_world_classes;
  description.height = description.width = import.tile;
  description.ignore_label = 0;
  description.source = import.source;
  description.licence = import.licence;

  LabelRasterSummary summary{0, survey.n_dropped};
  for (const auto& [name, of_split] : tiles)
    summary.n_tiles += static_cast<std::int64_t>(of_split.size());
  Progress progress("reading tiles", summary.n_tiles);
  std::map<std::string, SplitSource> splits;
  for (const auto& [name, of_split] : tiles) {
    const auto read = [&progress, split = &of_split](std::int64_t i, Sample& sample) {
      const auto& [pair, window] = (*split)[static_cast<std::size_t>(i)];
      Raster(pair->image).read(window, sample.image.data());
      Raster(pair->labels).read(window, sample.label_map.data());
      sample.name = fmt::format("{}@{},{}", pair->name, window.x, window.y);
      progress.step();
    };
    splits[name] = {static_cast<std::int64_t>(of_split.size()), read};
  }
  write_dataset(import.output, description, splits);
  return summary;
}

}  // namespace al_mpi
