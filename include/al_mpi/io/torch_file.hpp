#pragma once

#include <map>
#include <string>

#include <al_mpi/io/stored_array.hpp>

namespace al_mpi {

/// What torch.save wrote in its zip format, read without LibTorch and without running anything in
/// it.
struct TorchFile {
  /// Throws DataError: missing, truncated, damaged or foreign file; the legacy format of
  /// torch.save, with the command that converts it; a tensor that reaches beyond its storage.
  explicit TorchFile(const std::string& path);

  /// Tensors by where they are in the saved object: keys of dicts and places in lists joined by
  /// '/', a tensor saved alone under "". Objects of other classes than dict, list, tuple and Tensor
  /// are passed over.
  std::map<std::string, StoredArray> tensors;

  static bool is_zip(const std::string& path);     ///< by its first bytes; also TorchScript's files
  static bool is_legacy(const std::string& path);  ///< by its first bytes
};

}  // namespace al_mpi
