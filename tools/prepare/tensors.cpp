#include "tools/prepare/tensors.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tools/prepare/output_file.hpp"
#include "tools/prepare/progress.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset_writer.hpp>
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

StoredArray read_array(const std::string& path) {
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

/// Elements of the block `at` of the first dimension, in C order.
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
bool copy_any(const StoredArray& array, std::int64_t at, Out* out) {
  const std::string& type = array.dtype;
  if (type == "uint8" || type == "bool") return copy_block<std::uint8_t>(array, at, out), true;
  if (type == "int8") return copy_block<std::int8_t>(array, at, out), true;
  if (type == "uint16") return copy_block<std::uint16_t>(array, at, out), true;
  if (type == "int16") return copy_block<std::int16_t>(array, at, out), true;
  if (type == "int32") return copy_block<std::int32_t>(array, at, out), true;
  if (type == "int64") return copy_block<std::int64_t>(array, at, out), true;
  if (type == "float32") return copy_block<float>(array, at, out), true;
  if (type == "float64") return copy_block<double>(array, at, out), true;
  return false;
}

/// One split: its images and labels, and what they are called in messages.
class TensorSplit {
 public:
  TensorSplit(const std::string& x, const std::string& y)
      : x_path_(x), y_path_(y), images_(read_array(x)), labels_(read_array(y)) {
    const auto& shape = images_.shape;
    if (shape.size() != 4 || images_.size() == 0) {
      refuse(x, fmt::format("shape {} (expected images: N, C, H, W)", text_of(shape)));
    }
    if (images_.dtype == "float16" || images_.dtype == "bfloat16" ||
        bytes_of_dtype(images_.dtype) == 0 || images_.dtype == "uint32" ||
        images_.dtype == "uint64") {
      refuse(x, fmt::format("{} (expected float32, float64, uint8, uint16, int16, int32 or int64)",
                            images_.dtype));
    }
    const auto wanted = segmentation() ? std::vector<std::int64_t>{shape[0], shape[2], shape[3]}
                                       : std::vector<std::int64_t>{shape[0]};
    if (labels_.shape != wanted) {
      refuse(y, fmt::format("shape {} (expected {}: {} holds {} images)", text_of(labels_.shape),
                            text_of(wanted), x, shape[0]));
    }
    if (labels_.dtype.find("int") == std::string::npos || labels_.dtype == "uint32" ||
        labels_.dtype == "uint64") {
      refuse(y, fmt::format("{} (expected whole numbers: y.long())", labels_.dtype));
    }
  }

  bool segmentation() const { return labels_.shape.size() == 3; }
  const std::vector<std::int64_t>& shape() const { return images_.shape; }
  const std::string& x_path() const { return x_path_; }
  const std::string& y_path() const { return y_path_; }

  PixelType pixel_type() const {
    return images_.dtype == "uint8"    ? PixelType::uint8
           : images_.dtype == "uint16" ? PixelType::uint16
                                       : PixelType::float32;
  }

  /// Labels of sample i: one, or one a pixel.
  std::vector<std::int64_t> labels_of(std::int64_t i) const {
    std::vector<std::int64_t> out(segmentation() ? static_cast<std::size_t>(shape()[2] * shape()[3])
                                                 : 1);
    copy_any(labels_, i, out.data());
    return out;
  }

  void read(std::int64_t i, Sample& sample) const {
    sample.name = fmt::format("{}#{}", std::filesystem::path(x_path_).filename().string(), i);
    auto* bytes = sample.image.data();
    switch (pixel_type()) {
      case PixelType::uint8:
        copy_any(images_, i, bytes);
        break;
      case PixelType::uint16:
        copy_any(images_, i, reinterpret_cast<std::uint16_t*>(bytes));
        break;
      case PixelType::float32:
        copy_any(images_, i, reinterpret_cast<float*>(bytes));
        break;
    }
    const auto labels = labels_of(i);
    sample.label = labels[0];
    if (segmentation()) std::copy(labels.begin(), labels.end(), sample.label_map.begin());
  }

 private:
  std::string x_path_, y_path_;
  StoredArray images_, labels_;
};

/// The largest label. Throws DataError for one that is no class.
std::int64_t largest_label(const TensorSplit& split, const TensorImport& import) {
  const std::int64_t most = import.classes.empty()
                                ? (split.segmentation() ? 255 : 9999)
                                : static_cast<std::int64_t>(import.classes.size()) - 1;
  std::int64_t largest = 0;
  for (std::int64_t i = 0; i < split.shape()[0]; ++i) {
    for (const std::int64_t label : split.labels_of(i)) {
      if (label == import.ignore_label && split.segmentation()) continue;
      if (label < 0 || label > most) {
        refuse(split.y_path(),
               fmt::format("label {} of sample {} is outside 0..{}", label, i, most));
      }
      largest = std::max(largest, label);
    }
  }
  return largest;
}

std::vector<std::string> numbered(const std::string& word, std::int64_t first, std::int64_t n) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < n; ++i) names.push_back(fmt::format("{} {}", word, first + i));
  return names;
}

std::vector<std::string> bands_of(const TensorImport& import, std::int64_t n) {
  if (import.bands.empty()) {
    if (n != 13) return numbered("band", 1, n);
    return {"B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "B12", "B8A"};
  }
  if (static_cast<std::int64_t>(import.bands.size()) != n) {
    throw ConfigError("--bands", fmt::format("{} names for the {} channels of {}",
                                             import.bands.size(), n, import.train_x));
  }
  return import.bands;
}

DatasetDescription describe(const TensorImport& import, const TensorSplit& train,
                            const TensorSplit& test) {
  const auto& shape = train.shape();
  const bool same = train.pixel_type() == test.pixel_type() &&
                    train.segmentation() == test.segmentation() &&
                    std::equal(shape.begin() + 1, shape.end(), test.shape().begin() + 1);
  if (!same) {
    refuse(test.x_path(),
           fmt::format("{} images of shape {}, but {} holds {} images of shape {}",
                       to_string(test.pixel_type()), text_of(test.shape()), train.x_path(),
                       to_string(train.pixel_type()), text_of(shape)));
  }
  DatasetDescription out;
  out.task = train.segmentation() ? Task::segmentation : Task::classification;
  const std::int64_t of_train = largest_label(train, import);
  const std::int64_t largest = std::max(of_train, largest_label(test, import));
  out.classes = import.classes.empty()
                    ? numbered("class", 0, std::max<std::int64_t>(largest + 1, 2))
                    : import.classes;
  out.bands = bands_of(import, shape[1]);
  out.pixel_type = train.pixel_type();
  out.height = shape[2];
  out.width = shape[3];
  out.ignore_label = import.ignore_label;
  out.source = import.source.empty() ? import.train_x : import.source;
  out.licence = import.licence;
  return out;
}

/// Rows [n, dim] as float32.
EmbeddingSource read_embedding(const std::string& path, const TensorSplit& split) {
  const StoredArray array = read_array(path);
  if (array.shape.size() != 2 || array.shape[0] != split.shape()[0] || array.shape[1] == 0) {
    refuse(path, fmt::format("shape {} (expected ({}, D): a row for each image of {})",
                             text_of(array.shape), split.shape()[0], split.x_path()));
  }
  if (array.dtype != "float32" && array.dtype != "float64") {
    refuse(path, fmt::format("{} (expected float32 or float64)", array.dtype));
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

void import_tensors(const TensorImport& import) {
  refuse_to_overwrite(import.output, import.force);
  if (!import.test_embeddings.empty() && import.embeddings.empty()) {
    throw ConfigError("--test-embeddings", "needs --embeddings for the pool too");
  }
  const TensorSplit train(import.train_x, import.train_y), test(import.test_x, import.test_y);
  const DatasetDescription description = describe(import, train, test);
  Progress progress("writing images", train.shape()[0] + test.shape()[0]);
  const auto source_of = [&](const TensorSplit& split) {
    return SplitSource{split.shape()[0],
                       [&](std::int64_t i, Sample& sample) {
                         split.read(i, sample);
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
}

}  // namespace al_mpi
