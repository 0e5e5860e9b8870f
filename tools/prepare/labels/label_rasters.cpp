#include "tools/prepare/labels/label_rasters.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include <fmt/ranges.h>

#include "tools/prepare/images/image_files.hpp"
#include "tools/prepare/images/image_survey.hpp"
#include "tools/prepare/labels/legends.hpp"
#include "tools/prepare/output/progress.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/base/text.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

struct Pair {
  std::string name;  // path below the folder, without extension
  std::string image, labels;
  std::int64_t height = 0, width = 0;
  std::vector<Window> tiles;
};

/// Values of a label raster; the pixels that it marks as no data, and those that are not numbers,
/// are `gone`.
struct LabelValues {
  std::vector<float> values;
  std::vector<std::uint8_t> gone;
};

LabelValues read_labels(const Raster& labels, const Window& window) {
  LabelValues out;
  const auto n = static_cast<std::size_t>(window.height * window.width);
  out.values.resize(n);
  out.gone.assign(n, 0);
  labels.read_band(0, window, PixelType::float32, out.values.data());
  std::vector<std::uint8_t> mask(n, 1);
  if (labels.has_mask) labels.read_mask(window, mask.data());
  const auto& no_data = labels.bands[0].no_data;
  for (std::size_t i = 0; i < n; ++i) {
    const float value = out.values[i];
    const bool marked = no_data && value == static_cast<float>(*no_data);
    out.gone[i] = mask[i] == 0 || marked || !std::isfinite(value);
  }
  return out;
}

/// Looks at every pair, remembers what is wrong with it, counts label values, and cuts it into
/// tiles.
class Survey {
 public:
  Survey(const LabelRasterImport& import, const LabelLegend& legend)
      : import_(import),
        legend_(legend),
        mapping_(mapping_of(legend)),
        images_(import.images, import.image_options, false, true) {}

  std::vector<Pair> pairs;
  std::int64_t n_dropped = 0;
  DatasetDescription description;
  std::vector<std::string> notes;

  void run() {
    find_pairs();
    n_pairs_ = pairs.size();
    Progress progress("looking at pairs", static_cast<std::int64_t>(pairs.size()));
    for (auto& pair : pairs) {
      try {
        look_at(pair);
      } catch (const DataError& error) {
        add_problem(error.what(), pair.labels);
      }
      progress.step();
    }
    if (n_problems_ > 0) report();
    images_.decide(description);
    check_values();
    write_notes();
  }

  const ClassMapping& mapping() const { return mapping_; }

 private:
  /// Keeps "FILE: reason" by its reason.
  void add_problem(const std::string& what, const std::string& file) {
    const std::string prefix = file + ": ";
    if (what.rfind(prefix, 0) == 0) {
      problems_[what.substr(prefix.size())].push_back(file);
    } else {
      problems_[what].push_back("");
    }
    ++n_problems_;
  }

  [[noreturn]] void report() const {
    std::vector<std::string> texts;
    for (const auto& [reason, files] : problems_) {
      texts.push_back(files[0].empty() ? reason
                                       : fmt::format("{}: {}", first_three(files), reason));
    }
    throw DataError(
        import_.images, "",
        fmt::format("{} of the images or label rasters cannot be used (of {} pairs): {}",
                    n_problems_, n_pairs_, fmt::join(texts, "; ")));
  }

  std::map<std::string, std::string> images_below(const std::string& folder) {
    const ImageFiles files = list_images(folder);
    if (files.paths.empty()) throw DataError(folder, "", "no images (.tif, .jpg, .png) below it");
    for (const auto& note : files.notes()) notes.push_back(fmt::format("{}: {}", folder, note));
    std::map<std::string, std::string> found;
    for (const auto& path : files.paths) {
      const std::string full = (fs::path(folder) / path).string();
      const auto [other, is_new] = found.emplace(fs::path(path).replace_extension().string(), full);
      if (!is_new) {
        add_problem(fmt::format("{}: has the name of {}", full, other->second), full);
      }
    }
    return found;
  }

  void find_pairs() {
    const auto images = images_below(import_.images);
    auto labels = images_below(import_.labels);
    for (const auto& [name, image] : images) {
      const auto partner = labels.find(name);
      if (partner == labels.end()) {
        problems_[fmt::format("no label raster of this name in {}", import_.labels)].push_back(
            image);
        ++n_problems_;
        continue;
      }
      pairs.push_back({name, image, partner->second, 0, 0, {}});
      labels.erase(partner);
    }
    for (const auto& [name, path] : labels) {
      problems_[fmt::format("no image of this name in {}", import_.images)].push_back(path);
      ++n_problems_;
    }
  }

  void look_at(Pair& pair) {
    const double missing = images_.look_at(pair.image);
    if (missing >= 1) return;  // unreadable (told by decide), or empty
    const Raster image(pair.image), labels(pair.labels);
    pair.height = image.height;
    pair.width = image.width;
    check_labels(image, labels);
    count_values(labels);
    check_size(image);
    const std::int64_t tile = import_.tile;
    for (const std::int64_t y : tile_starts(pair.height, tile, tile, import_.edges)) {
      for (const std::int64_t x : tile_starts(pair.width, tile, tile, import_.edges)) {
        const Window window{x, y, tile, tile};
        if (is_worth(pair, image, labels, window, missing > 0)) {
          pair.tiles.push_back(window);
        } else {
          ++n_dropped;
        }
      }
    }
    n_pixels_ += static_cast<double>(pair.height * pair.width);
    const auto n_whole = (pair.height / tile) * (pair.width / tile);
    n_at_edges_ += static_cast<double>(pair.height * pair.width - n_whole * tile * tile);
    for (const std::int64_t length : {pair.height, pair.width}) common_ = std::gcd(common_, length);
  }

  /// Has the tile labels and pixels enough?
  bool is_worth(const Pair& pair, const Raster& image, const Raster& labels, const Window& window,
                bool has_gaps) const {
    const Window inner = inside(window, pair.height, pair.width);
    const LabelValues read = read_labels(labels, inner);
    const auto n = read.values.size();
    std::vector<std::uint8_t> missing;
    if (has_gaps) {
      std::vector<float> values;
      read_image(image, choose_bands(image, import_.image_options, true), import_.image_options,
                 inner, values, missing);
      const auto n_missing = std::count(missing.begin(), missing.end(), 1);
      const double share = static_cast<double>(n_missing) / static_cast<double>(values.size());
      if (n_missing > 0 && (share >= 1 || share > import_.image_options.max_no_data)) return false;
    }
    std::int64_t n_labeled = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto known = mapping_.index.find(std::llround(read.values[i]));
      n_labeled += read.gone[i] == 0 && known != mapping_.index.end() && known->second != 0 &&
                   !lacks_all(missing, i, n);
    }
    const double share =
        static_cast<double>(n_labeled) / static_cast<double>(import_.tile * import_.tile);
    return share > 0.0 && share >= import_.min_labeled;
  }

 public:
  /// Whether pixel i of n has no value in any band.
  static bool lacks_all(const std::vector<std::uint8_t>& missing, std::size_t i, std::size_t n) {
    if (missing.empty()) return false;
    for (std::size_t at = i; at < missing.size(); at += n) {
      if (missing[at] == 0) return false;
    }
    return true;
  }

 private:
  void count_values(const Raster& labels) {
    const auto& no_data = labels.bands[0].no_data;
    if (no_data && std::isfinite(*no_data))
      declared_.insert({std::llround(*no_data), labels.path()});
    const std::int64_t rows = std::max<std::int64_t>(1, (std::int64_t{1} << 22) / labels.width);
    for (std::int64_t y = 0; y < labels.height; y += rows) {
      const Window strip{0, y, labels.width, std::min(rows, labels.height - y)};
      const LabelValues read = read_labels(labels, strip);
      for (std::size_t i = 0; i < read.values.size(); ++i) {
        if (read.gone[i] != 0) continue;
        if (read.values[i] != std::floor(read.values[i])) {
          throw DataError(
              labels.path(), "",
              fmt::format("holds {} (whole numbers are expected: classes)", read.values[i]));
        }
        const auto value = static_cast<std::int64_t>(read.values[i]);
        ++counts_[value];
        if (mapping_.index.count(value) == 0 &&
            (unknown_files_.empty() || unknown_files_.back() != labels.path())) {
          unknown_files_.push_back(labels.path());
        }
      }
    }
  }

  void check_size(const Raster& image) const {
    const bool small = image.height < import_.tile || image.width < import_.tile;
    if (!small || import_.edges == Edges::pad) return;
    throw DataError(
        image.path(), "",
        fmt::format("{} x {} pixels, smaller than a tile of {} (--tile, or --edges pad)",
                    image.height, image.width, import_.tile));
  }

  static void check_labels(const Raster& image, const Raster& labels) {
    const auto fail = [&](const std::string& problem) {
      throw DataError(labels.path(), "", problem);
    };
    if (labels.channels != 1) {
      fail(fmt::format("{} bands of {} (one band of class values is expected)", labels.channels,
                       labels.stored_type));
    }
    if (labels.height != image.height || labels.width != image.width) {
      fail(fmt::format("{} x {} pixels, but its image has {} x {}", labels.height, labels.width,
                       image.height, image.width));
    }
    if (!same_projection(image.place, labels.place)) fail("another projection than its image");
    if (!same_place(image.place, labels.place))
      fail("another position or pixel size than its image");
  }

  /// Every value has to be named by the legend.
  void check_values() const {
    std::vector<std::string> unknown;
    for (const auto& [value, n] : counts_) {
      if (mapping_.index.count(value) == 0) unknown.push_back(fmt::format("{}", value));
    }
    if (unknown.empty()) return;
    const std::string fitting = fitting_legends(counts_, legend_.name);
    throw DataError(
        import_.labels, "",
        fmt::format("values {}, of which {} {} not named by {} ({} label rasters: {}); {}--classes "
                    "VALUE=NAME,... names them",
                    shares_of(counts_), first_three(unknown), unknown.size() == 1 ? "is" : "are",
                    legend_.title, unknown_files_.size(), first_three(unknown_files_),
                    fitting.empty() ? "" : fmt::format("--label-values {} fits, ", fitting)));
  }

  void write_notes() {
    for (const auto& note : images_.notes()) notes.push_back(note);
    if (!counts_.empty())
      notes.push_back(
          fmt::format("label values {}, read as {}", shares_of(counts_), legend_.title));
    for (const auto& [value, file] : declared_) {
      const auto named = legend_.names.find(value);
      if (named == legend_.names.end() || named->second.empty()) continue;
      notes.push_back(
          fmt::format("label value {} is declared as no data in the files ({}), so it is not "
                      "taken for {}",
                      value, file, named->second));
    }
    if (import_.label_values.empty() && import_.classes.empty()) doubt_legend();
    if (n_at_edges_ > 0 && import_.edges == Edges::drop) {
      notes.push_back(
          fmt::format("{:.1f} % of the pixels lie at right and bottom borders, beyond whole tiles "
                      "of {}, and are left "
                      "out (--edges overlap or --edges pad keeps them{})",
                      100 * n_at_edges_ / n_pixels_, import_.tile, fitting_tiles()));
    }
  }

  /// "; --tile 112 or 224 divides every image".
  std::string fitting_tiles() const {
    std::int64_t below = 0, above = 0;
    for (std::int64_t d = 8; d <= common_; ++d) {
      if (common_ % d != 0) continue;
      if (d <= import_.tile) below = d;
      if (d > import_.tile && above == 0) above = d;
    }
    if (below == 0 && above == 0) return "";
    if (below == 0 || above == 0) {
      return fmt::format("; --tile {} divides every image", std::max(below, above));
    }
    return fmt::format("; --tile {} or {} divides every image", below, above);
  }

  void doubt_legend() {
    double all = 0;
    for (const auto& [value, n] : counts_) all += static_cast<double>(n);
    const auto zeros = counts_.find(0);
    const bool common_zero =
        zeros != counts_.end() && static_cast<double>(zeros->second) > 0.05 * all;
    if (common_zero && counts_.count(9) == 0 && counts_.count(10) == 0) {
      notes.push_back(
          "0 is common and 9 and 10 never occur, as where Earth Engine exported Dynamic World: "
          "there 0 is "
          "water (--label-values earth-engine); here it is taken for no data (--label-values "
          "dynamic-world says that it is)");
    }
    const std::string others = fitting_legends(counts_, legend_.name);
    if (!others.empty()) {
      notes.push_back(fmt::format("the label values would fit {}, too (--label-values)", others));
    }
  }

  const LabelRasterImport& import_;
  const LabelLegend& legend_;
  ClassMapping mapping_;
  ImageSurvey images_;
  std::map<std::string, std::vector<std::string>> problems_;  // reason -> files
  std::size_t n_problems_ = 0, n_pairs_ = 0;
  ValueCounts counts_;
  std::map<std::int64_t, std::string> declared_;  // no-data values of label rasters, and a file
  std::vector<std::string> unknown_files_;
  double n_pixels_ = 0, n_at_edges_ = 0;
  std::int64_t common_ = 0;  // greatest common divisor of heights and widths
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

/// Reads one tile: its pixels, and its labels as classes.
void read_tile(const Tile& tile, const LabelRasterImport& import, const ClassMapping& mapping,
               PixelType type, Sample& sample) {
  const Pair& pair = *tile.pair;
  const Window inner = inside(tile.window, pair.height, pair.width);
  const auto n = static_cast<std::size_t>(inner.height * inner.width);
  const bool whole = inner.height == tile.window.height && inner.width == tile.window.width;
  Sample part;
  Sample& target = whole ? sample : part;
  if (!whole) {
    const auto n_tile = static_cast<std::size_t>(import.tile * import.tile);
    part.image.resize(sample.image.size() / n_tile * n);
    part.label_map.resize(n);
  }
  read_sample(Raster(pair.image), import.image_options, true, inner, type, target);
  const LabelValues read = read_labels(Raster(pair.labels), inner);
  for (std::size_t i = 0; i < n; ++i) {
    const bool none = read.gone[i] != 0 || Survey::lacks_all(target.missing, i, n);
    target.label_map[i] = none ? 0 : mapping.index.at(std::llround(read.values[i]));
  }
  if (!whole) pad_tile(part, inner, import.tile, bytes_of(type), sample);
  sample.name = fmt::format("{}@{},{}", pair.name, tile.window.x, tile.window.y);
}

const LabelLegend& legend_of(const LabelRasterImport& import, LabelLegend& own) {
  if (!import.classes.empty()) {
    if (!import.label_values.empty())
      throw ConfigError("--classes", "either this or --label-values");
    return own = parse_legend(import.classes);
  }
  if (import.label_values.empty()) return legends()[0];
  const LabelLegend* found = find_legend(import.label_values);
  if (found != nullptr) return *found;
  std::vector<std::string> names;
  for (const LabelLegend& legend : legends()) names.push_back(legend.name);
  throw ConfigError("--label-values",
                    fmt::format("unknown legend '{}'{} (known: {})", import.label_values,
                                did_you_mean(import.label_values, names), fmt::join(names, ", ")));
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
  LabelLegend own;
  const LabelLegend& legend = legend_of(import, own);
  Survey survey(import, legend);
  survey.run();
  const auto tiles = split_tiles(survey.pairs, import);
  DatasetDescription description = survey.description;
  description.task = Task::segmentation;
  description.classes = survey.mapping().classes;
  description.height = description.width = import.tile;
  description.ignore_label = 0;
  description.source = import.source;
  description.licence = import.licence;
  description.learnable = !import.allow_missing_classes;

  LabelRasterSummary summary{0, survey.n_dropped, survey.notes};
  for (const auto& [name, of_split] : tiles)
    summary.n_tiles += static_cast<std::int64_t>(of_split.size());
  Progress progress("reading tiles", summary.n_tiles);
  std::map<std::string, SplitSource> splits;
  for (const auto& [name, of_split] : tiles) {
    const auto read = [&, split = &of_split](std::int64_t i, Sample& sample) {
      read_tile((*split)[static_cast<std::size_t>(i)], import, survey.mapping(),
                description.pixel_type, sample);
      progress.step();
    };
    splits[name] = {static_cast<std::int64_t>(of_split.size()), read};
  }
  write_dataset(import.output, description, splits);
  return summary;
}

}  // namespace al_mpi
