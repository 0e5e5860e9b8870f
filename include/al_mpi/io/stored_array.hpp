#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/io/mapped_file.hpp>

namespace al_mpi {

/// An array of numbers inside a mapped file, of this machine's byte order.
struct StoredArray {
  std::string dtype;                ///< NumPy's name: "float32", "int64", "uint8", ...; "bfloat16"
  std::vector<std::int64_t> shape;  ///< extents, slowest first; {} = scalar
  std::vector<std::int64_t> strides;  ///< of each dimension [elements]
  const void* data = nullptr;         ///< the first element; every element lies within `mapping`
  std::shared_ptr<const MappedFile> mapping;

  std::int64_t size() const;  ///< elements
};

/// Bytes of an element of a dtype; 0 for an unknown one.
std::int64_t bytes_of_dtype(const std::string& dtype);

/// Strides of a C-ordered array.
std::vector<std::int64_t> row_major_strides(const std::vector<std::int64_t>& shape);

/// Product of the extents; -1 where one is negative or the product exceeds 2^48 (a damaged file).
std::int64_t bounded_size(const std::vector<std::int64_t>& shape);

}  // namespace al_mpi
