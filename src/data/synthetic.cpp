#include <al_mpi/data/synthetic.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "band_moments.hpp"
#include "owned_dataset.hpp"
#include "synthetic_scene.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

void check_range(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return;  // also refuses NaN
  throw ConfigError(std::string("dataset.synthetic.") + name,
                    fmt::format("{} (expected {} .. {})", value, low, high));
}

void check_options(const SyntheticOptions& options) {
  check_range("n_classes", double(options.n_classes), 2, double(n_scene_classes));
  check_range("n_bands", double(options.n_bands), 1, double(n_bands_of_sentinel2));
  check_range("tile", double(options.tile), 4, 1024);
  check_range("n_train", double(options.n_train), double(options.n_classes), 1e6);
  check_range("n_test", double(options.n_test), 1, 1e6);
  check_range("n_validation", double(options.n_validation), 0, 1e6);
  check_range("noise", options.noise, 0, 10);
  check_range("imbalance", options.imbalance, 0, 1);
  const double n_images = double(options.n_train + options.n_test + options.n_validation);
  const double values = n_images * double(options.n_bands * options.tile * options.tile);
  if (values > 1e10) {
    throw ConfigError("dataset.synthetic",
                      fmt::format("{:.0f} GB of pixels (at most 20 are generated)", values * 2e-9));
  }
}

/// Relative sizes of the classes, largest 1; which class is rare depends on the seed.
std::vector<double> class_weights(const SyntheticOptions& options) {
  const std::int64_t n_classes = options.n_classes;
  std::vector<double> weights;
  for (const std::int64_t rank :
       RngStream(options.seed, "synthetic_sizes").permutation(n_classes)) {
    weights.push_back(std::pow(10.0, -options.imbalance * double(rank) / double(n_classes - 1)));
  }
  return weights;
}

/// `n` labels in the proportions of `weights`, shuffled; a rare class has one too, unless n is
/// tiny.
std::vector<std::int64_t> draw_labels(std::int64_t n, const std::vector<double>& weights,
                                      RngStream rng) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::int64_t> labels;
  double due = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    due += weights[k] / total * double(n);
    const auto until = k + 1 == weights.size() ? n : std::llround(due);
    do {
      labels.push_back(static_cast<std::int64_t>(k));
    } while (static_cast<std::int64_t>(labels.size()) < until);
  }
  rng.shuffle(labels);
  labels.resize(static_cast<std::size_t>(n));
  return labels;
}

class Generator {
 public:
  explicit Generator(const SyntheticOptions& options)
      : options_(options),
        weights_(class_weights(options)),
        renderer_(options.tile, options.n_bands, options.noise) {}

  std::shared_ptr<const Dataset> run() {
    describe();
    add_split("train", options_.n_train);
    add_split("test", options_.n_test);
    if (options_.n_validation > 0) add_split("validation", options_.n_validation);
    return dataset_;
  }

 private:
  bool segmentation() const { return options_.task == Task::segmentation; }

  void describe() {
    const auto n_classes = static_cast<std::size_t>(options_.n_classes);
    dataset_->task = segmentation() ? Task::segmentation : Task::classification;
    if (segmentation()) {
      dataset_->ignore_label = 0;
      dataset_->classes.emplace_back("no data");
      dataset_->classes.insert(dataset_->classes.end(), land_cover_names.begin(),
                               land_cover_names.begin() + options_.n_classes);
    } else {
      for (std::size_t k = 0; k < n_classes; ++k)
        dataset_->classes.emplace_back(scene_classes[k].name);
    }
    dataset_->bands.assign(sentinel2_bands.begin(), sentinel2_bands.begin() + options_.n_bands);
    dataset_->source = fmt::format("synthetic scenes, seed {}", options_.seed);
    dataset_->licence = "CC0-1.0";
  }

  void add_split(const std::string& name, std::int64_t n) {
    Split& split = dataset_->splits[name];
    split.n = n;
    split.channels = options_.n_bands;
    split.height = split.width = options_.tile;
    for (std::int64_t i = 0; i < n; ++i)
      split.names.push_back(fmt::format("synthetic/{}/{}", name, i));
    const std::int64_t pixels = options_.tile * options_.tile;
    auto images = std::make_shared<std::vector<std::uint16_t>>(
        static_cast<std::size_t>(n * options_.n_bands * pixels));
    split.images = images->data();
    if (segmentation()) {
      render_land(name, split, images->data());
    } else {
      render_scenes(name, split, images->data());
    }
    if (name == "train") normalize(images->data(), n);
    dataset_->keep<std::vector<std::uint16_t>>(images);
  }

  void render_scenes(const std::string& name, Split& split, std::uint16_t* images) const {
    // Only the pool is unbalanced: the test judges every class alike.
    const auto weights = name == "train" ? weights_ : std::vector<double>(weights_.size(), 1.0);
    split.labels =
        draw_labels(split.n, weights, RngStream(options_.seed, "synthetic_labels_" + name));
    for (std::int64_t i = 0; i < split.n; ++i, images += image_size()) {
      renderer_.render_scene(static_cast<std::size_t>(split.labels[static_cast<std::size_t>(i)]),
                             scene_rng(name, i), images);
    }
  }

  void render_land(const std::string& name, Split& split, std::uint16_t* images) const {
    const std::int64_t pixels = options_.tile * options_.tile;
    auto maps =
        std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(split.n * pixels));
    for (std::int64_t i = 0; i < split.n; ++i, images += image_size()) {
      renderer_.render_land(weights_, scene_rng(name, i), images, maps->data() + i * pixels);
    }
    split.label_maps = maps->data();
    dataset_->keep<std::vector<std::uint8_t>>(maps);
  }

  RngStream scene_rng(const std::string& split, std::int64_t i) const {
    return RngStream(options_.seed, "synthetic_" + split, static_cast<std::uint64_t>(i));
  }

  std::int64_t image_size() const { return options_.n_bands * options_.tile * options_.tile; }

  void normalize(const std::uint16_t* images, std::int64_t n) const {
    BandMoments moments(options_.n_bands);
    for (std::int64_t i = 0; i < n; ++i, images += image_size()) {
      moments.add(images, options_.tile * options_.tile);
    }
    dataset_->mean = moments.mean();
    dataset_->std_dev = moments.std_dev();
  }

  SyntheticOptions options_;
  std::vector<double> weights_;
  SceneRenderer renderer_;
  std::shared_ptr<OwnedDataset> dataset_ = std::make_shared<OwnedDataset>();
};

}  // namespace

std::shared_ptr<const Dataset> make_synthetic(const SyntheticOptions& options) {
  check_options(options);
  return Generator(options).run();
}

std::shared_ptr<const Dataset> load_dataset(const std::string& path,
                                            const SyntheticOptions& otherwise) {
  return path.empty() ? make_synthetic(otherwise) : Dataset::open(path);
}

}  // namespace al_mpi
