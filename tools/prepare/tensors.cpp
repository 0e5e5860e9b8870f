#include "tools/prepare/tensors.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include <fmt/ranges.h>

#include "tools/prepare/labels/legends.hpp"
#include "tools/prepare/output/progress.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/sensors.hpp>
#include <al_mpi/io/npy_file.hpp>
#include <al_mpi/io/torch_file.hpp>

namespace al_mpi {
namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& problem) {
  throw DataError(file, "", problem);
}

std::string text_of(const std::vector<std::int64_t>& shape) {
  return fmt::format("({})", fmt::join(shape, ", "));
}

StoredArray read_stored(const std::string& path) {
  if (!TorchFile::is_zip(path) && !TorchFile::is_legacy(path)) return read_npy(path);
  const auto tensors = TorchFile(path).tensors;
  const auto alone = tensors.find("");
  if (alone == tensors.end()) {
    refuse(path, fmt::format("holds {} tensors inside another object (expected one tensor: "
                             "torch.save(x, file))",
                             tensors.size()));
  }
  return alone->second;
}

StoredArray read_array(const std::string& path) {
  StoredArray array = read_stored(path);
  if (bytes_of_dtype(array.dtype) == 0)
    refuse(path, fmt::format("holds {} (expected numbers)", array.dtype));
  return array;
}

/// A number of IEEE 754's half precision.
struct Half {
  std::uint16_t bits;
  explicit operator float() const {
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
    if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
    if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
    return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  }
  template <class T>
  explicit operator T() const {
    return static_cast<T>(static_cast<float>(*this));
  }
};

/// The upper half of a float32.
struct BrainFloat {
  std::uint16_t bits;
  explicit operator float() const {
    const std::uint32_t whole = static_cast<std::uint32_t>(bits) << 16;
    float value = 0;
    std::memcpy(&value, &whole, sizeof value);
    return value;
  }
  template <class T>
  explicit operator T() const {
    return static_cast<T>(static_cast<float>(*this));
  }
};

/// Copies block `at` of the first dimension, in C order.
template <class In, class Out>
void copy_block(const StoredArray& array, std::int64_t at, Out* out) {
  const auto* in = static_cast<const In*>(array.data) + at * array.strides[0];
  // Missing dimensions have one element.
  std::int64_t extent[3] = {1, 1, 1}, stride[3] = {0, 0, 0};
  for (std::size_t d = 1; d < array.shape.size(); ++d) {
    extent[d + 3 - array.shape.size()] = array.shape[d];
    stride[d + 3 - array.shape.size()] = array.strides[d];
  }
  for (std::int64_t c = 0; c < extent[0]; ++c) {
    for (std::int64_t y = 0; y < extent[1]; ++y) {
      const In* row = in + c * stride[0] + y * stride[1];
      for (std::int64_t x = 0; x < extent[2]; ++x) *out++ = static_cast<Out>(row[x * stride[2]]);
    }
  }
}

template <class Out>
void copy_any(const StoredArray& array, std::int64_t at, Out* out) {
  const std::string& type = array.dtype;
  if (type == "uint8" || type == "bool") return copy_block<std::uint8_t>(array, at, out);
  if (type == "int8") return copy_block<std::int8_t>(array, at, out);
  if (type == "uint16") return copy_block<std::uint16_t>(array, at, out);
  if (type == "int16") return copy_block<std::int16_t>(array, at, out);
  if (type == "uint32") return copy_block<std::uint32_t>(array, at, out);
  if (type == "int32") return copy_block<std::int32_t>(array, at, out);
  if (type == "uint64") return copy_block<std::uint64_t>(array, at, out);
  if (type == "int64") return copy_block<std::int64_t>(array, at, out);
  if (type == "float16") return copy_block<Half>(array, at, out);
  if (type == "bfloat16") return copy_block<BrainFloat>(array, at, out);
  if (type == "float32") return copy_block<float>(array, at, out);
  if (type == "float64") return copy_block<double>(array, at, out);
  throw InternalError("bug: type of an array");
}

/// Removes dimensions of one element from the array, beginning with the second dimension, until no
/// more than `n` dimensions are left.
StoredArray squeezed(StoredArray array, std::size_t n) {
  for (std::size_t d = array.shape.size(); d-- > 1 && array.shape.size() > n;) {
    if (array.shape[d] != 1) continue;
    array.shape.erase(array.shape.begin() + static_cast<std::ptrdiff_t>(d));
    array.strides.erase(array.strides.begin() + static_cast<std::ptrdiff_t>(d));
  }
  return array;
}

/// The classes that the values of labels stand for.
struct LabelPlan {
  std::vector<std::string> classes;
  std::map<std::int64_t, std::int64_t> index;  ///< value -> class
  std::int64_t ignore_label = -1;              ///< in the dataset
};

/// One split: its images and labels, and what they are called in messages.
class TensorSplit {
 public:
  TensorSplit(const std::string& name, const std::string& x, const std::string& y,
              const TensorImport& import)
      : name_(name), x_path_(x), y_path_(y), images_(read_array(x)), labels_(read_array(y)) {
    if (images_.shape.size() != 4 || images_.size() == 0) {
      refuse(x, fmt::format("shape {} (expected images: N, C, H, W; --layout nhwc: N, H, W, C)",
                            text_of(images_.shape)));
    }
    find_layout(import);
    find_labels();
  }

  bool segmentation() const { return labels_.shape.size() == 3; }
  const std::vector<std::int64_t>& shape() const { return images_.shape; }
  const std::string& x_path() const { return x_path_; }
  const std::string& y_path() const { return y_path_; }
  const std::string& dtype() const { return images_.dtype; }

  PixelType pixel_type() const {
    return images_.dtype == "uint8" || images_.dtype == "bool" ? PixelType::uint8
           : images_.dtype == "uint16"                         ? PixelType::uint16
                                                               : PixelType::float32;
  }

  /// How often each value occurs, and the first sample with it.
  void count_labels(ValueCounts& counts, std::map<std::int64_t, std::string>& first) const {
    for (std::int64_t i = 0; i < shape()[0]; ++i) {
      for (const std::int64_t value : labels_of(i)) {
        if (counts[value]++ == 0)
          first[value] = fmt::format("{}: label {} of sample {}", y_path_, value, i);
      }
    }
  }

  void read(std::int64_t i, const LabelPlan& plan, Sample& sample) const {
    sample.name = fmt::format("{}#{}", name_, i);  // does not depend on the file's name
    auto* bytes = sample.image.data();
    switch (pixel_type()) {
      case PixelType::uint8:
        copy_any(images_, i, bytes);
        break;
      case PixelType::uint16:
        copy_any(images_, i, reinterpret_cast<std::uint16_t*>(bytes));
        break;
      case PixelType::float32: {
        auto* values = reinterpret_cast<float*>(bytes);
        copy_any(images_, i, values);
        const auto n = shape()[1] * shape()[2] * shape()[3];
        if (!std::all_of(values, values + n, [](float value) { return std::isfinite(value); })) {
          refuse(fmt::format("{}#{}", std::filesystem::path(x_path_).filename().string(), i),
                 "a pixel is not finite (numpy.nan_to_num, or leave the sample out)");
        }
        break;
      }
    }
    const auto labels = labels_of(i);
    sample.label = plan.index.at(labels[0]);
    for (std::size_t at = 0; segmentation() && at < labels.size(); ++at) {
      sample.label_map[at] = static_cast<std::uint8_t>(plan.index.at(labels[at]));
    }
  }

 private:
  /// Decides whether the images are (N, C, H, W) or (N, H, W, C), and turns them into the former.
  void find_layout(const TensorImport& import) {
    const auto& s = images_.shape;
    auto layout = import.layout;
    const auto n_bands = static_cast<std::int64_t>(import.bands.size());
    const auto maps = squeezed(labels_, 3).shape;
    const auto is_map = [&](std::int64_t height, std::int64_t width) {
      return maps.size() == 3 && maps[1] == height && maps[2] == width;
    };
    if (!layout) {
      const bool first = is_map(s[2], s[3]) || (n_bands == s[1] && n_bands > 0);
      const bool last = is_map(s[1], s[2]) || (n_bands == s[3] && n_bands > 0);
      const bool looks_last = s[3] < s[1] && (s[1] == s[2] || (s[1] > 32 && s[3] <= 32));
      if (first != last) {
        layout = first ? Layout::nchw : Layout::nhwc;
      } else if (looks_last) {
        refuse(x_path_,
               fmt::format("shape {} looks like N, H, W, C with {} bands, but is N, C, H, W with "
                           "{} unless told otherwise (--layout nhwc or --layout nchw)",
                           text_of(s), s[3], s[1]));
      }
    }
    if (layout != Layout::nhwc) return;
    images_.shape = {s[0], s[3], s[1], s[2]};
    const auto t = images_.strides;
    images_.strides = {t[0], t[3], t[1], t[2]};
  }

  void find_labels() {
    const auto& s = images_.shape;
    const auto stored = labels_.shape;
    const std::vector<std::int64_t> one = {s[0]}, map = {s[0], s[2], s[3]};
    if (stored.size() > 1 && squeezed(labels_, 1).shape == one) labels_ = squeezed(labels_, 1);
    if (squeezed(labels_, 3).shape == map) labels_ = squeezed(labels_, 3);
    one_hot_ = labels_.shape.size() == 2 && labels_.shape[0] == s[0] && labels_.shape[1] > 1;
    if (labels_.shape != one && labels_.shape != map && !one_hot_) {
      const bool maps = stored.size() >= 3;
      refuse(y_path_, fmt::format("shape {} (expected {}: {} holds {} images)", text_of(stored),
                                  text_of(maps ? map : one), x_path_, s[0]));
    }
  }

  /// Labels of sample i: one, or one a pixel. Throws DataError for a value that is no whole number.
  std::vector<std::int64_t> labels_of(std::int64_t i) const {
    const std::size_t n = one_hot_         ? static_cast<std::size_t>(labels_.shape[1])
                          : segmentation() ? static_cast<std::size_t>(shape()[2] * shape()[3])
                                           : 1;
    std::vector<double> values(n);
    copy_any(labels_, i, values.data());
    std::vector<std::int64_t> out;
    if (one_hot_) {
      const auto hot = std::find(values.begin(), values.end(), 1.0);
      const bool good = hot != values.end() && std::count(values.begin(), values.end(), 0.0) ==
                                                   static_cast<std::ptrdiff_t>(n) - 1;
      if (!good) {
        refuse(y_path_,
               fmt::format("row {} of shape {} is not one-hot (one 1, else 0; of probabilities: "
                           "y.argmax(1))",
                           i, text_of(labels_.shape)));
      }
      return {hot - values.begin()};
    }
    for (const double value : values) {
      if (!(std::abs(value) < 1e15) || value != std::floor(value)) {
        refuse(y_path_, fmt::format("label {} of sample {} is no whole number", value, i));
      }
      out.push_back(static_cast<std::int64_t>(value));
    }
    return out;
  }

  std::string name_, x_path_, y_path_;
  StoredArray images_, labels_;
  bool one_hot_ = false;
};

std::vector<std::string> numbered(const std::string& word, std::int64_t first, std::int64_t n) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < n; ++i) names.push_back(fmt::format("{} {}", word, first + i));
  return names;
}

std::vector<std::string> bands_of(const TensorImport& import, std::int64_t n,
                                  std::vector<std::string>& notes) {
  if (import.bands.empty()) {
    if (n != 13) {
      notes.push_back(fmt::format("the {} bands have no names (--bands NAME,... names them)", n));
      return numbered("band", 1, n);
    }
    notes.push_back(
        "13 bands are taken in EuroSAT's order, B1 .. B12 B8A (--bands names them otherwise)");
    return {"B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "B12", "B8A"};
  }
  if (static_cast<std::int64_t>(import.bands.size()) != n) {
    throw ConfigError("--bands", fmt::format("{} names for the {} channels of {}",
                                             import.bands.size(), n, import.train_x));
  }
  return import.bands;
}

/// Classes from VALUE=NAME.
LabelPlan plan_of_legend(const TensorImport& import, bool segmentation) {
  const LabelLegend legend = parse_legend(import.classes);
  const ClassMapping mapping = mapping_of(legend);
  LabelPlan plan;
  plan.classes = mapping.classes;
  for (const auto& [value, index] : mapping.index) plan.index[value] = index;
  if (segmentation) {
    plan.ignore_label = 0;
    if (import.ignore_label != -1) plan.index[import.ignore_label] = 0;
    return plan;
  }
  plan.classes.erase(plan.classes.begin());  // "no data"
  for (auto item = plan.index.begin(); item != plan.index.end();) {
    item = --item->second < 0 ? plan.index.erase(item) : std::next(item);
  }
  return plan;
}

LabelPlan plan_labels(const TensorImport& import, const TensorSplit& train, const TensorSplit& test,
                      std::vector<std::string>& notes) {
  ValueCounts counts;
  std::map<std::int64_t, std::string> first;
  train.count_labels(counts, first);
  test.count_labels(counts, first);
  const bool maps = train.segmentation();
  notes.push_back("label values " + shares_of(counts));
  LabelPlan plan;
  std::string expected;
  if (gives_values(import.classes)) {
    plan = plan_of_legend(import, maps);
    expected = "none of --classes";
  } else if (!import.classes.empty()) {
    plan.classes = import.classes;
    const auto n = static_cast<std::int64_t>(import.classes.size());
    for (std::int64_t k = 0; k < n; ++k) plan.index[k] = k;
    if (maps) plan.ignore_label = import.ignore_label;
    if (maps && import.ignore_label >= 0) plan.index[import.ignore_label] = import.ignore_label;
    expected = fmt::format(
        "outside 0..{} (--classes has {} names; VALUE=NAME says which values they are)", n - 1, n);
  } else {
    for (const auto& [value, n] : counts) {
      const bool ignored = maps && value == import.ignore_label;
      if (value < 0 || (value == 255 && maps) || ignored) continue;
      plan.index[value] = static_cast<std::int64_t>(plan.classes.size());
      plan.classes.push_back(fmt::format("class {}", value));
    }
    // Values 0, 1, 2, ... that include the ignored one are not renumbered.
    if (maps && counts.count(import.ignore_label) > 0 && import.ignore_label >= 0 &&
        import.ignore_label <= static_cast<std::int64_t>(plan.classes.size())) {
      plan.classes.insert(plan.classes.begin() + import.ignore_label, "no data");
      for (auto& [value, index] : plan.index) index += index >= import.ignore_label;
      plan.ignore_label = import.ignore_label;
    } else if (maps && import.ignore_label >= 0) {
      plan.ignore_label = 255;
    }
    if (maps && import.ignore_label >= 0) plan.index[import.ignore_label] = plan.ignore_label;
    expected =
        maps && counts.count(255) > 0
            ? "usually no class (--ignore-label 255, or --classes VALUE=NAME,...)"
            : "no class (--classes VALUE=NAME,... names it; --ignore-label: pixels without one)";
  }
  for (const auto& [value, n] : counts) {
    if (plan.index.count(value) > 0) continue;
    const std::string& where = first.at(value);
    const std::size_t colon = where.rfind(": label");
    refuse(where.substr(0, colon), fmt::format("{} is {}; values: {}", where.substr(colon + 2),
                                               expected, shares_of(counts)));
  }
  const auto n_real =
      plan.classes.size() - (plan.ignore_label >= 0 && plan.ignore_label < 255 ? 1 : 0);
  if (n_real < 2)
    refuse(train.y_path(), fmt::format("labels of {} class (at least 2 expected)", n_real));
  if (maps && plan.classes.size() > 255) refuse(train.y_path(), "more than 255 classes of pixels");
  return plan;
}

DatasetDescription describe(const TensorImport& import, const TensorSplit& train,
                            const TensorSplit& test, const LabelPlan& plan,
                            std::vector<std::string>& notes) {
  const auto& shape = train.shape();
  const bool same = train.pixel_type() == test.pixel_type() &&
                    train.segmentation() == test.segmentation() &&
                    std::equal(shape.begin() + 1, shape.end(), test.shape().begin() + 1);
  if (!same) {
    refuse(test.x_path(), fmt::format("{} images of shape {}, but {} holds {} images of shape {}",
                                      name_of(test.pixel_type()), text_of(test.shape()),
                                      train.x_path(), name_of(train.pixel_type()), text_of(shape)));
  }
  DatasetDescription out;
  out.task = train.segmentation() ? Task::segmentation : Task::classification;
  out.classes = plan.classes;
  const RecognizedBands known = recognize_bands(bands_of(import, shape[1], notes));
  out.bands = known.names;
  out.sensor = known.sensor == nullptr ? "" : known.sensor->name;
  out.pixel_type = train.pixel_type();
  out.height = shape[2];
  out.width = shape[3];
  out.ignore_label = plan.ignore_label;
  out.source = import.source.empty() ? import.train_x : import.source;
  out.licence = import.licence;
  out.learnable = !import.allow_missing_classes;
  if (out.pixel_type == PixelType::float32 && train.dtype() != "float32") {
    notes.push_back(fmt::format("numbers of {} are stored as float32", train.dtype()));
  }
  return out;
}

/// Rows [n, dim] as float32.
EmbeddingSource read_embedding(const std::string& path, const TensorSplit& split) {
  const StoredArray array = read_array(path);
  if (array.shape.size() != 2 || array.shape[0] != split.shape()[0] || array.shape[1] == 0) {
    refuse(path, fmt::format("shape {} (expected ({}, D): a row for each image of {})",
                             text_of(array.shape), split.shape()[0], split.x_path()));
  }
  if (array.dtype.find("float") == std::string::npos) {
    refuse(path, fmt::format("{} (expected float16, bfloat16, float32 or float64)", array.dtype));
  }
  EmbeddingSource source;
  source.name = std::filesystem::path(path).stem().string();
  source.dim = array.shape[1];
  source.read = [array, path](std::int64_t i, float* row) {
    copy_any(array, i, row);
    if (!std::all_of(row, row + array.shape[1], [](float x) { return std::isfinite(x); })) {
      refuse(path, fmt::format("row {} is not finite", i));
    }
  };
  source.made_from = {{"method", "imported"},
                      {"file", std::filesystem::path(path).filename().string()}};
  return source;
}

}  // namespace

std::vector<std::string> import_tensors(const TensorImport& import) {
  refuse_to_overwrite(import.output, import.force);
  if (!import.test_embeddings.empty() && import.embeddings.empty()) {
    throw ConfigError("--test-embeddings", "needs --embeddings for the pool too");
  }
  const TensorSplit train("train", import.train_x, import.train_y, import);
  const TensorSplit test("test", import.test_x, import.test_y, import);
  std::vector<std::string> notes;
  const LabelPlan plan = plan_labels(import, train, test, notes);
  const DatasetDescription description = describe(import, train, test, plan, notes);
  Progress progress("writing images", train.shape()[0] + test.shape()[0]);
  const auto source_of = [&](const TensorSplit& split) {
    return SplitSource{split.shape()[0],
                       [&](std::int64_t i, Sample& sample) {
                         split.read(i, plan, sample);
                         progress.step();
                       },
                       {}};
  };
  std::map<std::string, SplitSource> splits = {{"train", source_of(train)},
                                               {"test", source_of(test)}};
  if (!import.embeddings.empty()) {
    splits["train"].embeddings.push_back(read_embedding(import.embeddings, train));
  }
  if (!import.test_embeddings.empty()) {
    splits["test"].embeddings.push_back(read_embedding(import.test_embeddings, test));
    auto& of_test = splits["test"].embeddings[0];
    const auto& of_train = splits["train"].embeddings[0];
    if (of_test.dim != of_train.dim) {
      refuse(import.test_embeddings, fmt::format("{} numbers a row, but {} has {}", of_test.dim,
                                                 import.embeddings, of_train.dim));
    }
    of_test.name = of_train.name;
  }
  write_dataset(import.output, description, splits);
  return notes;
}

}  // namespace al_mpi
