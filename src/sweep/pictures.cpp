#include "pictures.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/class_colour.hpp>
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/sweep/sweep.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_pixels = 64;  // height and width of a picture

/// A small PNG file: with 32 levels of each colour it is half as large, and looks the same.
std::string small_png(Picture picture) {
  for (std::uint8_t& level : picture.rgb) level = static_cast<std::uint8_t>(level & 0xf8U);
  return png_bytes(picture);
}

/// The picture of a map [H, W] whose pixels have the colours color_of(place in the map), reduced to
/// the middle pixels of squares.
template <class ColorOf>
Picture map_picture(const Split& split, const ColorOf& color_of) {
  const std::int64_t side = std::max(split.height, split.width);
  const std::int64_t square = (side + most_pixels - 1) / most_pixels;
  Picture picture{(split.height + square - 1) / square, (split.width + square - 1) / square, {}};
  for (std::int64_t y = 0; y < picture.height; ++y) {
    for (std::int64_t x = 0; x < picture.width; ++x) {
      const std::int64_t row = std::min(y * square + square / 2, split.height - 1);
      const std::int64_t column = std::min(x * square + square / 2, split.width - 1);
      const std::uint32_t color = color_of(row * split.width + column);
      for (const unsigned shift : {16U, 8U, 0U}) {
        picture.rgb.push_back(static_cast<std::uint8_t>(color >> shift & 0xffU));
      }
    }
  }
  return picture;
}

/// A region of a picture.
Picture cut(const Picture& picture, const Regions& regions, std::int64_t index) {
  Picture region{regions.height, regions.width, {}};
  for (std::int64_t y = 0; y < regions.height; ++y) {
    const std::int64_t first = (regions.top_of(index) + y) * picture.width + regions.left_of(index);
    const auto row = picture.rgb.begin() + 3 * first;
    region.rgb.insert(region.rgb.end(), row, row + 3 * regions.width);
  }
  return region;
}

/// Classes of pixels in their colours; white where there is none.
Picture colored(const Dataset& dataset, const std::uint8_t* classes) {
  return map_picture(dataset.test(), [&](std::int64_t at) {
    return classes[at] == dataset.ignore_label ? 0xffffffU : class_colour(classes[at]);
  });
}

/// Black for 0, white for 1.
Picture grey(const Split& split, const float* values) {
  return map_picture(split, [&](std::int64_t at) {
    const float share = std::clamp(values[at], 0.0F, 1.0F);
    return static_cast<std::uint32_t>(std::lround(255 * share)) * 0x010101U;
  });
}

/// The first `n` picks of the first and of the last query; of the initial set where there is none.
std::vector<PickRecord> shown_picks(const ShownTrial& trial, std::int64_t n) {
  std::vector<PickRecord> shown;
  const std::size_t first = std::min<std::size_t>(1, trial.picks.size() - 1);
  for (const std::size_t round : {first, trial.picks.size() - 1}) {
    const auto& picks = trial.picks[round];
    const auto count = static_cast<std::ptrdiff_t>(
        std::min<std::size_t>(picks.size(), static_cast<std::size_t>(n)));
    shown.insert(shown.end(), picks.begin(), picks.begin() + count);
  }
  return shown;
}

}  // namespace

Pictures::Pictures(std::shared_ptr<const Dataset> dataset, const SweepConfig& config)
    : dataset_(std::move(dataset)),
      picked_(regions_of(dataset_->train().height, dataset_->train().width, config.query.region)),
      images_(regions_of(dataset_->train().height, dataset_->train().width, 0)),
      n_(config.results.thumbnails),
      embeddings_(config.query.embeddings),
      tiles_(fs::path(config.results.file).replace_extension(".tiles").string()) {}

void Pictures::add(const std::vector<ShownTrial>& trials, ResultsTables& tables) {
  if (trials.empty()) return;
  if (!map_) map_.emplace(dataset_, embeddings_, picked_);
  std::set<std::int64_t> picked;
  for (const ShownTrial& trial : trials) {
    if (trial.spec.settings.count("query.region") > 0) continue;  // its samples are others
    for (const auto& round : trial.picks) {
      for (const PickRecord& pick : round) picked.insert(pick.index);
    }
    if (n_ == 0) continue;
    add_picks(trial, tables.pictures);
    if (dataset_->task == Task::segmentation) add_tiles(trial, tables.pictures);
  }
  tables.map = map_->with(picked);
}

void Pictures::add_picks(const ShownTrial& trial, Names& pictures) {
  for (const PickRecord& pick : shown_picks(trial, n_)) {
    const std::int64_t n = dataset_->train().n * picked_.per_image();
    const std::int64_t sample = pick.index % n;  // of oracle.duplicates
    pictures[fmt::format("pool-{}", pick.index)] = thumbnail("train", sample, picked_);
  }
}

void Pictures::add_tiles(const ShownTrial& trial, Names& pictures) {
  const std::string path = (fs::path(tiles_) / (trial.spec.file_stem() + ".h5")).string();
  const std::string key = trial.spec.key();
  if (tiles_of_.count(key) == 0 && fs::exists(path)) {
    try {
      read_tiles(trial, path);
    } catch (const DataError& error) {
      spdlog::warn("{}; no predictions of {} are shown", error.what(), key);
      tiles_of_[key];
    }
  }
  const auto known = tiles_of_.find(key);
  if (known == tiles_of_.end()) return;
  for (const auto& [name, png] : known->second) pictures[name] = png;
}

/// Of each tile the image and its labels, and the trial's prediction and how unsure it is.
void Pictures::read_tiles(const ShownTrial& trial, const std::string& path) {
  const Hdf5File file = Hdf5File::open(path);
  const Split& test = dataset_->test();
  const auto indices = file.read<std::int64_t>("/index");
  const Shape shape = {static_cast<std::int64_t>(indices.size()), test.height, test.width};
  for (const char* array : {"/prediction", "/entropy"}) {
    if (file.info(array).shape != shape) throw DataError(path, array, "has another shape");
  }
  const auto predicted = file.read<std::uint8_t>("/prediction");
  const auto entropy = file.read<float>("/entropy");
  Names names;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= test.n) throw DataError(path, "/index", "out of range");
    const auto first = i * static_cast<std::size_t>(test.height * test.width);
    const std::string tile = fmt::format("test-{}", indices[i]);
    const std::string of_trial = fmt::format("trial-{}-{}", trial.spec.trial, tile);
    names[tile] = thumbnail("test", indices[i], images_);
    names[tile + "-label"] = png_bytes(colored(*dataset_, test.label_map(indices[i])));
    names[of_trial + "-prediction"] = png_bytes(colored(*dataset_, &predicted[first]));
    names[of_trial + "-entropy"] = small_png(grey(test, &entropy[first]));
  }
  tiles_of_[trial.spec.key()] = std::move(names);
}

const std::string& Pictures::thumbnail(const std::string& split, std::int64_t index,
                                       const Regions& regions) {
  std::string& png = made_[fmt::format("{}-{}", split, index)];
  if (png.empty()) {
    if (!thumbnails_) thumbnails_.emplace(*dataset_);
    const Picture image = thumbnails_->of(dataset_->splits.at(split), regions.image_of(index));
    png = small_png(reduced(cut(image, regions, index), most_pixels));
  }
  return png;
}

std::string thumbnails_line(const Sweep& sweep) {
  const Split& pool = sweep.dataset->train();
  const Regions regions = regions_of(pool.height, pool.width, sweep.config.query.region);
  std::set<std::string> cells;
  for (const TrialSpec& spec : sweep.grid) {
    cells.insert(spec.own_settings() + spec.strategy + "/" + spec.init);
  }
  const std::int64_t n = sweep.config.results.thumbnails;
  const auto n_cells = static_cast<std::int64_t>(cells.size());
  const LoopOptions& loop = sweep.config.loop;
  std::int64_t n_pictures = std::min(
      pool.n * regions.per_image(), n_cells * 2 * std::min(n, std::max(loop.n_query, loop.n_init)));
  const bool pixels = sweep.dataset->task == Task::segmentation;
  if (pixels) n_pictures += std::min(n, sweep.dataset->test().n) * (2 + 2 * n_cells);
  const Thumbnails thumbnails(*sweep.dataset);
  const std::int64_t n_tried = std::min<std::int64_t>(pool.n, 16);
  double bytes = 0;
  std::int64_t height = 0, width = 0;
  for (std::int64_t i = 0; i < n_tried; ++i) {
    const std::int64_t image = i * pool.n / n_tried;
    const Picture picture =
        reduced(cut(thumbnails.of(pool, image), regions, image * regions.per_image()), most_pixels);
    height = picture.height;
    width = picture.width;
    bytes += static_cast<double>(small_png(picture).size());
  }
  return fmt::format(
      "results.thumbnails={}: at most {} pictures of {} x {} pixels, about {:.1f} MB (first and "
      "last "
      "query of each strategy and initial set{})",
      n, n_pictures, height, width,
      1e-6 * static_cast<double>(n_pictures) * bytes / static_cast<double>(n_tried),
      pixels ? ", predictions for test tiles" : "");
}

}  // namespace al_mpi
