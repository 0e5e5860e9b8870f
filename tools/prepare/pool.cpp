#include "tools/prepare/pool.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "tools/prepare/images/image_files.hpp"
#include "tools/prepare/images/image_survey.hpp"
#include "tools/prepare/output/progress.hpp"
#include "tools/raster/archive.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/campaign/answers_file.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// A tile: a whole file, or a window of the scene.
struct Tile {
  std::string name;
  std::string file;
  Window window;
};

class PoolMaker {
 public:
  explicit PoolMaker(const PoolImport& import)
      : import_(import),
        folder_(opened_archive(import.source)),
        is_scene_(!is_in_archive(folder_) && !fs::is_directory(folder_)),
        survey_(is_scene_ ? fs::path(folder_).parent_path().string() : folder_, import.images,
                !is_scene_, true) {}

  PoolSummary run() {
    check_options();
    is_scene_ ? look_at_scene() : look_at_tiles();
    read_labels();
    description_.task = Task::classification;
    description_.label_pool = true;
    description_.source = fmt::format("{} {}", is_scene_ ? "tiles of the scene" : "tiles of",
                                      fs::path(import_.source).filename().string());
    description_.licence = import_.licence;
    if (is_scene_) description_.height = description_.width = import_.tile;
    write();
    return summary_;
  }

 private:
  void check_options() const {
    refuse_to_overwrite(import_.output, import_.force);
    if (import_.tile < 1 || import_.tile > 8192) {
      throw ConfigError("--tile", "expected 1 .. 8192 pixels");
    }
    if (import_.overlap < 0 || import_.overlap >= import_.tile) {
      throw ConfigError("--overlap", fmt::format("{} pixels of tiles of {} (expected 0 .. {})",
                                                 import_.overlap, import_.tile, import_.tile - 1));
    }
  }

  void look_at_tiles() {
    const ImageFiles files = list_images(folder_);
    if (files.paths.empty()) throw DataError(import_.source, "", "no images (.tif, .jpg, .png)");
    Progress progress("looking at tiles", static_cast<std::int64_t>(files.paths.size()));
    for (const std::string& path : files.paths) {
      const std::string full = (fs::path(folder_) / path).string();
      const double missing = survey_.look_at(full);
      progress.step();
      if (missing >= 1 || missing > import_.images.max_no_data) {
        ++n_left_out_;
      } else {
        tiles_.push_back({path, full, {}});
      }
    }
    survey_.decide(description_);
    note(files.notes());
    note(survey_.notes());
  }

  void look_at_scene() {
    survey_.look_at(folder_);
    survey_.decide(description_);
    note(survey_.notes());
    const Raster scene(folder_);
    const std::int64_t tile = import_.tile, stride = tile - import_.overlap;
    if ((scene.height < tile || scene.width < tile) && import_.edges != Edges::pad) {
      throw DataError(folder_, "",
                      fmt::format("{} x {} pixels, smaller than a tile of {} (--tile, or --edges "
                                  "pad)",
                                  scene.height, scene.width, tile));
    }
    const auto rows = tile_starts(scene.height, tile, stride, import_.edges);
    const auto columns = tile_starts(scene.width, tile, stride, import_.edges);
    const BandChoice choice = choose_bands(scene, import_.images, true);
    const std::string name = fs::path(folder_).filename().string();
    Progress progress("looking at tiles", static_cast<std::int64_t>(rows.size() * columns.size()));
    for (const std::int64_t y : rows) {
      for (const std::int64_t x : columns) {
        const Window window{x, y, tile, tile};
        progress.step();
        if (missing_share(scene, choice, window) > import_.images.max_no_data) {
          ++n_left_out_;
        } else {
          tiles_.push_back({fmt::format("{}@{},{}", name, x, y), folder_, window});
        }
      }
    }
    const std::int64_t n_beyond =
        scene.height * scene.width -
        std::min(rows.back() + tile, scene.height) * std::min(columns.back() + tile, scene.width);
    if (n_beyond > 0) {
      summary_.notes.push_back(fmt::format(
          "{:.1f} % of the scene lies at its right and bottom borders, beyond whole tiles of {}, "
          "and is left out (--edges overlap or --edges pad keeps it)",
          100 * static_cast<double>(n_beyond) / static_cast<double>(scene.height * scene.width),
          tile));
    }
  }

  /// Above 1 for a window without any value: zero in every band counts as none.
  double missing_share(const Raster& scene, const BandChoice& choice, const Window& window) const {
    std::vector<float> values;
    std::vector<std::uint8_t> missing;
    const Window inner = inside(window, scene.height, scene.width);
    read_image(scene, choice, import_.images, inner, values, missing);
    const bool all_zero = std::all_of(values.begin(), values.end(), [](float x) { return x == 0; });
    const auto n_missing = std::count(missing.begin(), missing.end(), 1);
    if (all_zero || n_missing == static_cast<std::ptrdiff_t>(values.size())) return 2;
    return static_cast<double>(n_missing) / static_cast<double>(values.size());
  }

  /// Labels that are known already; class names beside those of --classes count on.
  void read_labels() {
    description_.classes = class_names(import_.classes, "--classes");
    if (import_.labels.empty()) return;
    std::map<std::string, bool> known;
    for (const Tile& tile : tiles_) known[tile.name] = true;
    std::vector<std::string> unknown, doubtful;
    for (const Answer& answer : read_answers(import_.labels)) {
      if (answer.skip) continue;
      if (known.count(answer.name) == 0) {
        unknown.push_back(answer.name);
        continue;
      }
      const auto [found, is_new] = label_of_.emplace(answer.name, answer.label);
      if (!is_new && found->second != answer.label) doubtful.push_back(answer.name);
      auto& classes = description_.classes;
      if (std::find(classes.begin(), classes.end(), answer.label) == classes.end()) {
        classes.push_back(answer.label);
      }
    }
    if (!unknown.empty()) {
      throw DataError(import_.labels, "",
                      fmt::format("{} labels are of tiles that are not there: {}", unknown.size(),
                                  first_three(unknown)));
    }
    if (!doubtful.empty()) {
      throw DataError(
          import_.labels, "",
          fmt::format("{} tiles have two classes: {}", doubtful.size(), first_three(doubtful)));
    }
  }

  void read(const Tile& tile, Sample& sample) {
    const Raster image(tile.file);
    const bool whole_file = tile.window.width == 0;
    const Window window = whole_file ? Window{0, 0, image.width, image.height} : tile.window;
    const Window inner = inside(window, image.height, image.width);
    if (inner.height == window.height && inner.width == window.width) {
      read_sample(image, import_.images, true, inner, description_.pixel_type, sample);
    } else {
      Sample part;
      part.image.resize(sample.image.size() /
                        static_cast<std::size_t>(window.height * window.width) *
                        static_cast<std::size_t>(inner.height * inner.width));
      read_sample(image, import_.images, true, inner, description_.pixel_type, part);
      pad_tile(part, inner, import_.tile, bytes_of(description_.pixel_type), sample);
    }
    const auto x = static_cast<double>(window.x), y = static_cast<double>(window.y);
    const double right = x + static_cast<double>(window.width);
    const double bottom = y + static_cast<double>(window.height);
    const auto a = image.place.place_of(x, y), b = image.place.place_of(right, y);
    const auto c = image.place.place_of(right, bottom), d = image.place.place_of(x, bottom);
    if (a && b && c && d) {
      sample.footprint = Footprint{*a, *b, *c, *d};
      sample.place = image.place.place_of((x + right) / 2, (y + bottom) / 2);
      ++summary_.n_placed;
    }
    sample.system = image.place.projection;
    sample.name = tile.name;
    const auto label = label_of_.find(tile.name);
    const auto& classes = description_.classes;
    sample.label = label == label_of_.end()
                       ? -1
                       : std::find(classes.begin(), classes.end(), label->second) - classes.begin();
    if (sample.label >= 0) ++summary_.n_labeled;
  }

  void write() {
    if (tiles_.empty()) throw DataError(import_.source, "", "no tile holds any value");
    if (n_left_out_ > 0) {
      summary_.notes.push_back(fmt::format(
          "{} tiles are left out: no value, or more than --max-no-data are missing", n_left_out_));
    }
    summary_.n_tiles = static_cast<std::int64_t>(tiles_.size());
    Progress progress("reading tiles", summary_.n_tiles);
    const auto read_one = [&](std::int64_t i, Sample& sample) {
      read(tiles_[static_cast<std::size_t>(i)], sample);
      progress.step();
    };
    write_dataset(import_.output, description_, {{"train", {summary_.n_tiles, read_one}}});
    if (summary_.n_placed < summary_.n_tiles) {
      summary_.notes.push_back(
          fmt::format("{} of {} tiles do not say where on Earth they lie: maps leave them out",
                      summary_.n_tiles - summary_.n_placed, summary_.n_tiles));
    }
  }

  void note(const std::vector<std::string>& more) {
    summary_.notes.insert(summary_.notes.end(), more.begin(), more.end());
  }

  const PoolImport& import_;
  std::string folder_;
  bool is_scene_;
  ImageSurvey survey_;
  DatasetDescription description_;
  std::vector<Tile> tiles_;
  std::map<std::string, std::string> label_of_;  ///< tile -> class
  std::int64_t n_left_out_ = 0;
  PoolSummary summary_;
};

}  // namespace

PoolSummary import_pool(const PoolImport& import) {
  return PoolMaker(import).run();
}

}  // namespace al_mpi
