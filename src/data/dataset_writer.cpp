#include <al_mpi/data/dataset_writer.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <type_traits>

#include "band_moments.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset_facts.hpp>
#include <al_mpi/data/pixel_types.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

class DatasetWriter {
 public:
  DatasetWriter(const std::string& path, const DatasetDescription& description)
      : path_(path),
        description_(description),
        whole_(path),
        file_(Hdf5File::create(whole_.temporary())),
        moments_(n_bands()) {}

  void write_header() {
    file_.set_attribute("/", "format", std::string("al_mpi dataset"));
    file_.set_attribute("/", "version", std::int64_t{1});
    file_.set_attribute("/", "task", name_of(description_.task));
    file_.set_attribute("/", "source", description_.source);
    file_.set_attribute("/", "licence", description_.licence);
    file_.set_attribute("/", "ignore_label", description_.ignore_label);
    if (description_.label_pool) file_.set_attribute("/", "labels", std::string("some"));
    if (!description_.classes.empty()) file_.write_strings("/classes", description_.classes);
    file_.write_strings("/bands", description_.bands);
    if (!description_.sensor.empty()) file_.set_attribute("/", "sensor", description_.sensor);
    if (description_.pixel_size > 0)
      file_.set_attribute("/", "pixel_size", description_.pixel_size);
    if (!description_.scale.empty()) file_.write("/band_scale", description_.scale, {n_bands()});
    if (!description_.offset.empty()) file_.write("/band_offset", description_.offset, {n_bands()});
  }

  void write_split(const std::string& split, const SplitSource& source) {
    const std::string group = "/" + split;
    create_arrays(group, source.n);
    Sample sample;
    sample.image.resize(static_cast<std::size_t>(n_bands() * pixels()) *
                        bytes_of(description_.pixel_type));
    if (segmentation()) sample.label_map.resize(static_cast<std::size_t>(pixels()));
    std::vector<std::int64_t> labels;
    std::vector<std::string> names;
    std::vector<double> places;
    Footprints footprints;
    std::int64_t n_missing = 0;
    for (std::int64_t i = 0; i < source.n; ++i) {
      sample.missing.clear();
      sample.place.reset();
      sample.footprint.reset();
      sample.system.clear();
      source.read(i, sample);
      check_labels(sample);
      count_labels(sample, counts_[split]);
      n_missing += note_missing(group, i, sample);
      write_image(group, i, sample, split == "train");
      if (segmentation()) {
        file_.write_slab(group + "/labels", {i, 0, 0}, {1, description_.height, description_.width},
                         sample.label_map.data());
      }
      labels.push_back(sample.label);
      names.push_back(sample.name);
      if (sample.place) {
        places.insert(places.end(), {sample.place->longitude, sample.place->latitude});
      }
      footprints.add(sample);
    }
    file_.set_attribute(group + "/images", "n_missing", n_missing);
    if (!segmentation()) file_.write(group + "/labels", labels, {source.n});
    file_.write_strings(group + "/names", names);
    // Distances between splits are known only where every image's place is.
    if (static_cast<std::int64_t>(places.size()) == 2 * source.n) {
      file_.write(group + "/places", places, {source.n, 2});
    }
    if (footprints.any) write_footprints(group, source.n, footprints);
    for (const auto& embedding : source.embeddings) write_embedding(group, source.n, embedding);
  }

  void finish() {
    if (description_.learnable && !description_.label_pool) {
      refuse_unlearnable(path_, description_.classes, counts_["train"], counts_["test"]);
    }
    const auto mean = moments_.mean(), std_dev = moments_.std_dev();
    for (const MissingBand& band : missing_bands_)
      fill(band, mean[static_cast<std::size_t>(band.band)]);
    file_.write("/normalization/mean", mean, {n_bands()});
    file_.write("/normalization/std", std_dev, {n_bands()});
    file_.close();
    whole_.commit();
  }

 private:
  /// Corners and coordinate systems of a split's images; NaN and -1 where they are not known.
  struct Footprints {
    bool any = false;
    std::vector<double> corners;
    std::vector<std::int64_t> systems;
    std::vector<std::string> known_systems;

    void add(const Sample& sample) {
      any = any || sample.footprint.has_value();
      for (std::size_t k = 0; k < 4; ++k) {
        const Place corner = sample.footprint ? (*sample.footprint)[k] : Place{NAN, NAN};
        corners.insert(corners.end(), {corner.longitude, corner.latitude});
      }
      const auto found = std::find(known_systems.begin(), known_systems.end(), sample.system);
      systems.push_back(sample.system.empty() ? -1 : found - known_systems.begin());
      if (!sample.system.empty() && found == known_systems.end()) {
        known_systems.push_back(sample.system);
      }
    }
  };

  void write_footprints(const std::string& group, std::int64_t n, const Footprints& footprints) {
    file_.write(group + "/footprints", footprints.corners, {n, 4, 2});
    if (footprints.known_systems.empty() || file_.has("/systems")) return;
    file_.write_strings("/systems", footprints.known_systems);
    file_.write(group + "/system", footprints.systems, {n});
  }

  struct MissingBand {
    std::string group;
    std::int64_t image, band;
  };

  /// Images of each class, or pixels; without the ignored one.
  void count_labels(const Sample& sample, std::vector<std::int64_t>& counts) const {
    counts.resize(description_.classes.size(), 0);
    const auto count = [&](std::int64_t label) {
      if (label >= 0 && label != description_.ignore_label)
        ++counts[static_cast<std::size_t>(label)];
    };
    if (!segmentation()) count(sample.label);
    for (const int label : sample.label_map) count(label);
  }

  /// Values that the sample lacks; bands that it lacks wholly are filled at the end.
  std::int64_t note_missing(const std::string& group, std::int64_t i, const Sample& sample) {
    std::int64_t n = 0;
    for (std::int64_t band = 0; !sample.missing.empty() && band < n_bands(); ++band) {
      const auto begin = sample.missing.begin() + band * pixels();
      const std::int64_t n_of_band = pixels() - std::count(begin, begin + pixels(), 0);
      if (n_of_band == pixels()) missing_bands_.push_back({group, i, band});
      n += n_of_band;
    }
    return n;
  }

  void fill(const MissingBand& place, float mean) {
    with_pixel_type(description_.pixel_type, [&](auto pixel) {
      using Pixel = decltype(pixel);
      const float stored = std::is_integral_v<Pixel> ? std::round(mean) : mean;
      const std::vector<Pixel> values(static_cast<std::size_t>(pixels()),
                                      static_cast<Pixel>(stored));
      file_.write_slab(place.group + "/images", {place.image, place.band, 0, 0},
                       {1, 1, description_.height, description_.width}, values.data());
    });
  }

  std::int64_t n_bands() const { return static_cast<std::int64_t>(description_.bands.size()); }
  std::int64_t pixels() const { return description_.height * description_.width; }
  bool segmentation() const { return description_.task == Task::segmentation; }

  void create_arrays(const std::string& group, std::int64_t n) {
    const auto type = with_pixel_type(description_.pixel_type,
                                      [](auto pixel) { return element_type<decltype(pixel)>(); });
    file_.create_dataset(group + "/images", type,
                         {n, n_bands(), description_.height, description_.width});
    if (segmentation()) {
      file_.create_dataset(group + "/labels", ElementType::uint8,
                           {n, description_.height, description_.width});
    }
  }

  void check_labels(const Sample& sample) const {
    const auto check_label = [&](std::int64_t label) {
      const auto n_classes = static_cast<std::int64_t>(description_.classes.size());
      if (label == description_.ignore_label && segmentation()) return;
      if (label == -1 && description_.label_pool) return;
      if (label >= 0 && label < n_classes) return;
      throw DataError(sample.name, "",
                      fmt::format("label {} is outside 0..{}", label, n_classes - 1));
    };
    if (!segmentation()) check_label(sample.label);
    for (const int label : sample.label_map) check_label(label);
  }

  void write_image(const std::string& group, std::int64_t i, const Sample& sample, bool counts) {
    with_pixel_type(description_.pixel_type,
                    [&](auto pixel) { write_pixels<decltype(pixel)>(group, i, sample, counts); });
  }

  void write_embedding(const std::string& group, std::int64_t n, const EmbeddingSource& source) {
    const std::string array = group + "/embeddings/" + source.name;
    file_.create_dataset(array, ElementType::float32, {n, source.dim});
    std::vector<float> row(static_cast<std::size_t>(source.dim));
    for (std::int64_t i = 0; i < n; ++i) {
      source.read(i, row.data());
      file_.write_slab(array, {i, 0}, {1, source.dim}, row.data());
    }
    for (const auto& [key, value] : source.made_from) file_.set_attribute(array, key, value);
  }

  template <class T>
  void write_pixels(const std::string& group, std::int64_t i, const Sample& sample, bool counts) {
    const auto* pixels_of_sample = reinterpret_cast<const T*>(sample.image.data());
    const auto* end = pixels_of_sample + n_bands() * pixels();
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::all_of(pixels_of_sample, end, [](T x) { return std::isfinite(x); })) {
        throw DataError(sample.name, "", "a pixel is not finite");
      }
    }
    file_.write_slab(group + "/images", {i, 0, 0, 0},
                     {1, n_bands(), description_.height, description_.width}, pixels_of_sample);
    if (!counts) return;
    moments_.add(pixels_of_sample, pixels(),
                 sample.missing.empty() ? nullptr : sample.missing.data());
  }

  std::string path_;
  DatasetDescription description_;
  AtomicFile whole_;
  Hdf5File file_;
  BandMoments moments_;
  std::vector<MissingBand> missing_bands_;
  std::map<std::string, std::vector<std::int64_t>> counts_;  ///< split -> of each class
};

/// Edits a copy of a file, which then takes its place.
template <class Edit>
void replace_edited(const std::string& path, const Edit& edit) {
  AtomicFile whole(path);
  std::filesystem::copy_file(path, whole.temporary(),
                             std::filesystem::copy_options::overwrite_existing);
  auto file = Hdf5File::edit(whole.temporary());
  edit(file);
  file.close();
  whole.commit();
}

}  // namespace

void write_dataset(const std::string& path, const DatasetDescription& description,
                   const std::map<std::string, SplitSource>& splits) {
  check(splits.count("train") == 1 && (splits.count("test") == 1 || description.label_pool),
        "a dataset needs train and test");
  DatasetWriter writer(path, description);
  writer.write_header();
  for (const auto& [name, source] : splits) writer.write_split(name, source);
  writer.finish();
}

void write_dataset(const std::string& path, const Dataset& dataset) {
  const Split& train = dataset.train();
  const DatasetDescription description{
      dataset.task,  dataset.classes,      dataset.bands,     train.pixel_type, train.height,
      train.width,   dataset.ignore_label, dataset.source,    dataset.licence,  dataset.sensor,
      dataset.scale, dataset.offset,       dataset.pixel_size};
  std::map<std::string, SplitSource> splits;
  for (const auto& [name, of_split] : dataset.splits) {
    const auto read = [split = &of_split](std::int64_t i, Sample& sample) {
      const auto at = static_cast<std::size_t>(i);
      std::memcpy(sample.image.data(), split->image(i), sample.image.size());
      if (split->label_maps != nullptr) {
        std::memcpy(sample.label_map.data(), split->label_map(i), sample.label_map.size());
      } else {
        sample.label = split->labels[at];
      }
      sample.name = split->names.empty() ? "" : split->names[at];
      if (!split->places.empty()) sample.place = split->places[at];
    };
    splits[name] = {of_split.n, read};
  }
  write_dataset(path, description, splits);
}

void write_embedding(const std::string& path, const Embedding& embedding, bool replace) {
  const auto dataset = open_dataset_or_pool(path);
  for (const auto& [name, split] : dataset->splits) {
    const auto found = embedding.values.find(name);
    check(found != embedding.values.end(), "embedding of {} is missing", name);
    check(static_cast<std::int64_t>(found->second.size()) == split.n * embedding.dim,
          "embedding of {} has another size", name);
    if (!std::all_of(found->second.begin(), found->second.end(),
                     [](float x) { return std::isfinite(x); })) {
      throw DataError(path, "",
                      fmt::format("embedding '{}': a value is not finite", embedding.name));
    }
    if (split.embeddings.count(embedding.name) > 0 && !replace) {
      throw ConfigError("", fmt::format("{} has an embedding '{}' already (--force replaces it)",
                                        path, embedding.name));
    }
  }
  replace_edited(path, [&](Hdf5File& file) {
    for (const auto& [name, split] : dataset->splits) {
      const std::string array = "/" + name + "/embeddings/" + embedding.name;
      if (file.has(array)) file.remove(array);
      file.write(array, embedding.values.at(name), {split.n, embedding.dim});
      for (const auto& [key, value] : embedding.made_from) file.set_attribute(array, key, value);
    }
  });
}

void write_costs(const std::string& path, const std::vector<double>& costs) {
  const auto n = static_cast<std::int64_t>(costs.size());
  check(open_dataset_or_pool(path)->train().n == n &&
            std::all_of(costs.begin(), costs.end(), is_cost),
        "a cost for each image");
  replace_edited(path, [&](Hdf5File& file) {
    if (file.has("/train/costs")) file.remove("/train/costs");
    file.write("/train/costs", costs, {n});
  });
}

}  // namespace al_mpi
