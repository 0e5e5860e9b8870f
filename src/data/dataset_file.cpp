#include <algorithm>
#include <cmath>
#include <set>

#include "owned_dataset.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/label_pool.hpp>
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/io/mapped_file.hpp>

namespace al_mpi {
namespace {

std::string text_of(const Shape& shape) {
  return fmt::format("({})", fmt::join(shape, ", "));
}

class DatasetReader {
 public:
  explicit DatasetReader(const std::string& path) : path_(path), file_(Hdf5File::open(path)) {}

  std::shared_ptr<const Dataset> read(bool may_be_pool) {
    read_header();
    if (pool_ && !may_be_pool) {
      fail("", "is a pool without all labels (al_trial ask and tell label it)");
    }
    read_names_of_classes_and_bands();
    read_normalization();
    for (const char* name : {"train", "validation", "test"}) {
      const std::string group = std::string("/") + name;
      if (file_.has(group)) dataset_->splits[name] = read_split(group);
    }
    for (const char* name : {"train", "test"}) {
      if (pool_ && name == std::string("test")) continue;
      if (dataset_->splits.count(name) == 0) fail(std::string("/") + name, "missing group");
    }
    for (const auto& [name, split] : dataset_->splits) check_same_images("/" + name, split);
    return dataset_;
  }

 private:
  [[noreturn]] void fail(const std::string& object, const std::string& problem) const {
    throw DataError(path_, object, problem);
  }

  void read_header() {
    if (file_.text_attribute("/", "format") != "al_mpi dataset") {
      fail("", "not a dataset file of al_mpi (make one with al_prepare)");
    }
    const auto version = file_.int_attribute("/", "version");
    if (version != 1) {
      fail("@version", fmt::format("{} (this program reads version 1)", version.value_or(0)));
    }
    const std::string name = file_.text_attribute("/", "task").value_or("");
    const auto task = find_enum<Task>(name);
    if (!task) fail("@task", fmt::format("'{}' (expected classification or segmentation)", name));
    dataset_->task = *task;
    dataset_->ignore_label = file_.int_attribute("/", "ignore_label").value_or(-1);
    if (dataset_->ignore_label < -1 || dataset_->ignore_label > 255) {
      fail("@ignore_label", fmt::format("{} (expected -1 or 0..255)", dataset_->ignore_label));
    }
    dataset_->source = file_.text_attribute("/", "source").value_or("");
    dataset_->licence = file_.text_attribute("/", "licence").value_or("");
    dataset_->sensor = file_.text_attribute("/", "sensor").value_or("");
    dataset_->pixel_size = file_.double_attribute("/", "pixel_size").value_or(0);
    const std::string labels = file_.text_attribute("/", "labels").value_or("all");
    if (labels != "all" && labels != "some") {
      fail("@labels", fmt::format("'{}' (expected all or some)", labels));
    }
    pool_ = labels == "some";
  }

  void read_names_of_classes_and_bands() {
    const bool no_class_yet = pool_ && !file_.has("/classes");
    if (!no_class_yet) dataset_->classes = file_.read_strings("/classes");
    dataset_->bands = file_.read_strings("/bands");
    const auto& classes = dataset_->classes;
    if (classes.size() < 2 && !pool_) fail("/classes", "fewer than two classes");
    if (dataset_->task == Task::segmentation && classes.size() > 256) {
      fail("/classes", "more than 256 classes (label maps are uint8)");
    }
    if (std::set<std::string>(classes.begin(), classes.end()).size() != classes.size()) {
      fail("/classes", "a class is named twice");
    }
    if (dataset_->bands.empty()) fail("/bands", "no bands");
    dataset_->scale = read_of_bands("/band_scale");
    dataset_->offset = read_of_bands("/band_offset");
  }

  /// A number a band; empty where the file has none (files of earlier versions do not).
  std::vector<double> read_of_bands(const std::string& name) const {
    if (!file_.has(name)) return {};
    auto values = file_.read<double>(name);
    if (values.size() != dataset_->bands.size()) {
      fail(name, fmt::format("{} values for {} bands", values.size(), dataset_->bands.size()));
    }
    for (const double value : values) {
      if (!std::isfinite(value)) fail(name, "a value is not finite");
    }
    return values;
  }

  void read_normalization() {
    const auto read = [&](const std::string& name) {
      const auto values = file_.read<float>(name);
      if (values.size() != dataset_->bands.size()) {
        fail(name, fmt::format("{} values for {} bands", values.size(), dataset_->bands.size()));
      }
      for (const float value : values) {
        if (!std::isfinite(value)) fail(name, "a value is not finite");
      }
      return values;
    };
    dataset_->mean = read("/normalization/mean");
    dataset_->std_dev = read("/normalization/std");
    for (const float value : dataset_->std_dev) {
      if (value <= 0) fail("/normalization/std", "a value is not positive");
    }
  }

  /// Maps a dataset of `info`; every element of type `info.type`.
  template <class T>
  const T* map(const std::string& name, const DatasetInfo& info) {
    const auto offset = file_.mappable_offset(name);
    if (!offset) {
      fail(name,
           fmt::format("not stored contiguously (compressed, chunked, or in another byte order), "
                       "so it cannot be mapped "
                       "into memory (HDF5's own tool stores it anew: h5repack -f NONE -l CONTI "
                       "{} NEW.h5; h5py: create_dataset(name, data=x) without chunks and "
                       "compression)",
                       path_));
    }
    if (*offset % static_cast<std::int64_t>(sizeof(T)) != 0) {
      fail(name, fmt::format("not aligned in the file (HDF5's own tool stores it anew: h5repack -f "
                             "NONE -l CONTI {} NEW.h5)",
                             path_));
    }
    const std::int64_t bytes = n_elements(info.shape) * static_cast<std::int64_t>(sizeof(T));
    const auto mapped = MappedFile::map(path_, *offset, bytes);
    return static_cast<const T*>(dataset_->keep(mapped).data());
  }

  void map_images(const std::string& name, Split& split) {
    const DatasetInfo info = file_.info(name);
    if (info.shape.size() != 4) {
      fail(name, fmt::format("shape {} (expected N, C, H, W)", text_of(info.shape)));
    }
    split.n = info.shape[0];
    split.channels = info.shape[1];
    split.height = info.shape[2];
    split.width = info.shape[3];
    if (n_elements(info.shape) == 0)
      fail(name, fmt::format("empty, shape {}", text_of(info.shape)));
    if (split.channels != static_cast<std::int64_t>(dataset_->bands.size())) {
      fail(name,
           fmt::format("{} channels, but /bands names {}", split.channels, dataset_->bands.size()));
    }
    split.n_missing = file_.int_attribute(name, "n_missing").value_or(-1);
    switch (info.type) {
      case ElementType::uint8:
        split.pixel_type = PixelType::uint8;
        split.images = map<std::uint8_t>(name, info);
        break;
      case ElementType::uint16:
        split.pixel_type = PixelType::uint16;
        split.images = map<std::uint16_t>(name, info);
        break;
      case ElementType::float32:
        split.pixel_type = PixelType::float32;
        split.images = map<float>(name, info);
        check_finite_images(name, split);
        break;
      default:
        fail(name, fmt::format("type {} (expected uint8, uint16 or float32)", name_of(info.type)));
    }
  }

  /// A sample: reading gigabytes at every start would cost more than the training it protects, and
  /// al_prepare has looked at every pixel.
  void check_finite_images(const std::string& name, const Split& split) const {
    const std::int64_t n_checked = std::min<std::int64_t>(split.n, 64);
    const std::int64_t size = split.channels * split.height * split.width;
    for (std::int64_t k = 0; k < n_checked; ++k) {
      const std::int64_t i = k * split.n / n_checked;
      const auto* pixels = static_cast<const float*>(split.image(i));
      if (!std::all_of(pixels, pixels + size, [](float x) { return std::isfinite(x); })) {
        fail(name, fmt::format("image {} has a pixel that is not finite", i));
      }
    }
  }

  void read_class_labels(const std::string& name, Split& split) const {
    const DatasetInfo info = file_.info(name);
    if (info.shape != Shape{split.n}) {
      fail(name, fmt::format("shape {} (expected ({}), one label an image)", text_of(info.shape),
                             split.n));
    }
    if (info.type == ElementType::float32 || info.type == ElementType::float64) {
      fail(name, fmt::format("type {} (expected whole numbers)", name_of(info.type)));
    }
    split.labels = file_.read<std::int64_t>(name);
    const std::int64_t n_classes = dataset_->n_classes();
    for (std::int64_t i = 0; i < split.n; ++i) {
      const std::int64_t label = split.labels[static_cast<std::size_t>(i)];
      if (label == -1 && pool_) continue;
      if (label < 0 || label >= n_classes) {
        fail(name, fmt::format("label {} of image {} is outside 0..{}", label, i, n_classes - 1));
      }
    }
  }

  void map_label_maps(const std::string& name, Split& split) {
    const DatasetInfo info = file_.info(name);
    const Shape expected = {split.n, split.height, split.width};
    if (info.shape != expected) {
      fail(name, fmt::format("shape {} (expected {}, one label a pixel)", text_of(info.shape),
                             text_of(expected)));
    }
    if (info.type != ElementType::uint8) {
      fail(name, fmt::format("type {} (expected uint8)", name_of(info.type)));
    }
    split.label_maps = map<std::uint8_t>(name, info);
    bool any_valid = false;
    const std::int64_t size = n_elements(info.shape), pixels = split.height * split.width;
    for (std::int64_t i = 0; i < size; ++i) {
      const int label = split.label_maps[i];
      if (label == dataset_->ignore_label) continue;
      any_valid = true;
      if (label >= dataset_->n_classes()) {
        fail(name, fmt::format("label {} in map {} is outside 0..{}", label, i / pixels,
                               dataset_->n_classes() - 1));
      }
    }
    if (!any_valid) fail(name, "no labelled pixel");
  }

  void map_embeddings(const std::string& group, Split& split) {
    if (!file_.has(group)) return;
    for (const auto& name : file_.children(group)) {
      const std::string path = group + "/" + name;
      const DatasetInfo info = file_.info(path);
      if (info.shape.size() != 2 || info.shape[0] != split.n || info.shape[1] < 1) {
        fail(path, fmt::format("shape {} (expected ({}, D))", text_of(info.shape), split.n));
      }
      if (info.type != ElementType::float32) {
        fail(path, fmt::format("type {} (expected float32)", name_of(info.type)));
      }
      const MatrixView view{map<float>(path, info), info.shape[0], info.shape[1]};
      for (std::int64_t i = 0; i < view.n * view.dim; ++i) {
        if (!std::isfinite(view.data[i])) {
          fail(path, fmt::format("the row of image {} is not finite", i / view.dim));
        }
      }
      split.embeddings[name] = view;
    }
  }

  std::vector<Place> read_places(const std::string& name, std::int64_t n) const {
    if (!file_.has(name)) return {};
    const Shape shape = file_.info(name).shape;
    if (shape != Shape{n, 2}) {
      fail(name,
           fmt::format("shape {} (expected ({}, 2), longitude and latitude)", text_of(shape), n));
    }
    const auto numbers = file_.read<double>(name);
    std::vector<Place> places;
    for (std::size_t i = 0; i < numbers.size(); i += 2) {
      const Place place{numbers[i], numbers[i + 1]};
      // Written so that what is no number is refused, too.
      if (!(std::abs(place.longitude) <= 360 && std::abs(place.latitude) <= 90)) {
        fail(name, fmt::format("image {} at longitude {}, latitude {} [degrees]", i / 2,
                               place.longitude, place.latitude));
      }
      places.push_back(place);
    }
    return places;
  }

  std::vector<double> read_costs(const std::string& name, std::int64_t n) const {
    if (!file_.has(name)) return {};
    const Shape shape = file_.info(name).shape;
    if (shape != Shape{n}) {
      fail(name, fmt::format("shape {} (expected ({}), what each label costs)", text_of(shape), n));
    }
    auto costs = file_.read<double>(name);
    for (std::size_t i = 0; i < costs.size(); ++i) {
      if (!is_cost(costs[i])) {
        fail(name, fmt::format("the label of image {} costs {} (expected a finite number above 0)",
                               i, costs[i]));
      }
    }
    return costs;
  }

  Split read_split(const std::string& group) {
    Split split;
    map_images(group + "/images", split);
    if (dataset_->task == Task::classification) {
      read_class_labels(group + "/labels", split);
    } else {
      map_label_maps(group + "/labels", split);
    }
    split.places = read_places(group + "/places", split.n);
    split.costs = read_costs(group + "/costs", split.n);
    if (file_.has(group + "/names")) {
      split.names = file_.read_strings(group + "/names");
      if (static_cast<std::int64_t>(split.names.size()) != split.n) {
        fail(group + "/names", fmt::format("{} names for {} images", split.names.size(), split.n));
      }
    }
    map_embeddings(group + "/embeddings", split);
    return split;
  }

  void check_same_images(const std::string& group, const Split& split) const {
    const Split& train = dataset_->train();
    if (split.pixel_type != train.pixel_type || split.height != train.height ||
        split.width != train.width) {
      fail(group + "/images",
           fmt::format("{} images of {} x {} pixels, but /train has {} images of {} x {}",
                       name_of(split.pixel_type), split.height, split.width,
                       name_of(train.pixel_type), train.height, train.width));
    }
  }

  std::string path_;
  Hdf5File file_;
  bool pool_ = false;  ///< for people to label: labels may be missing
  std::shared_ptr<OwnedDataset> dataset_ = std::make_shared<OwnedDataset>();
};

}  // namespace

std::shared_ptr<const Dataset> Dataset::open(const std::string& path) {
  return DatasetReader(path).read(false);
}

std::shared_ptr<const Dataset> open_dataset_or_pool(const std::string& path) {
  return DatasetReader(path).read(true);
}

}  // namespace al_mpi
