#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// Order of the dimensions of images.
AL_ENUM(Layout, nchw, nhwc)

/// The request to make a dataset of arrays that other programs wrote: files of torch.save (one
/// tensor each) or .npy.
struct TensorImport {
  /// Images (N, C, H, W), or as `layout` says; uint8, uint16 and bool stay whole numbers, others
  /// become float32
  std::string train_x, test_x;
  /// Whole numbers (of any type): (N), (N, 1) or one-hot (N, K) classes, or (N, H, W) classes of
  /// pixels
  std::string train_y, test_y;
  std::string embeddings;       ///< (N, D) numbers, a row an image of train_x; empty = none
  std::string test_embeddings;  ///< the same for test_x
  std::string output;
  /// Names of the values 0, 1, ..., or VALUE=NAME; empty = "class V" for each value V that occurs
  std::vector<std::string> classes;
  std::vector<std::string> bands;  ///< names; empty = EuroSAT's where C is 13, else "band 1" ...
  std::int64_t ignore_label = -1;  ///< of pixels that have no label
  std::string source, licence;
  bool force = false;
  std::optional<Layout> layout;  ///< nothing = nchw; then arrays that look like nhwc are refused
  bool allow_missing_classes = false;
};

/// Writes the dataset file, reading image by image from the mapped files: memory does not grow with
/// them. Embeddings get the name of their file without its extension. Returns what the user should
/// know, a sentence each. Throws ConfigError and DataError: missing, truncated or foreign files, a
/// doubtful order of dimensions, sizes that disagree, labels that are no classes, values that are
/// not finite; then nothing is written.
std::vector<std::string> import_tensors(const TensorImport& import);

}  // namespace al_mpi
