#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/io/mapped_file.hpp>

namespace al_mpi {

/// A .safetensors file, mapped: named arrays of numbers, row-major, little-endian.
/// Format: 8 bytes header length, JSON header, values.
struct SafetensorsFile {
  struct Tensor {
    std::string dtype;  ///< "F32", "F16", "BF16", "F64", "I64", ...
    std::vector<std::int64_t> shape;
    const void* data = nullptr;  ///< as long as `mapping` lives
    std::int64_t bytes = 0;
  };

  /// Throws DataError: missing, truncated or foreign file.
  explicit SafetensorsFile(const std::string& path);

  std::map<std::string, Tensor> tensors;
  std::shared_ptr<const MappedFile> mapping;
};

}  // namespace al_mpi
