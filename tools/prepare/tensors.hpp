#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace al_mpi {

/// Arrays of others as a dataset: files of torch.save (one tensor each) or .npy.
struct TensorImport {
  std::string train_x, test_x;  ///< images (N, C, H, W); uint8 and uint16 stay, other numbers
                                ///< become float32
  std::string train_y, test_y;  ///< whole numbers: (N) classes, or (N, H, W) classes of pixels
  std::string embeddings;       ///< (N, D) numbers, a row an image of train_x; empty = none
  std::string test_embeddings;  ///< the same for test_x
  std::string output;
  std::vector<std::string> classes;  ///< names; empty = "class 0" ... up to the largest label
  std::vector<std::string> bands;    ///< names; empty = EuroSAT's where C is 13, else "band 1" ...
  std::int64_t ignore_label = -1;    ///< of pixels that have no label
  std::string source, licence;
  bool force = false;
};

/// Writes the dataset file, reading image by image from the mapped files: memory does not grow with
/// them. Embeddings get the name of their file without its extension. Throws ConfigError and
/// DataError: missing, truncated or foreign files, other types, sizes that disagree, labels that
/// are no classes, values that are not finite; then nothing is written.
void import_tensors(const TensorImport& import);

}  // namespace al_mpi
