#include <al_mpi/io/stored_array.hpp>

#include <map>

namespace al_mpi {

std::int64_t StoredArray::size() const {
  return bounded_size(shape);
}

std::int64_t bytes_of_dtype(const std::string& dtype) {
  static const std::map<std::string, std::int64_t> bytes = {
      {"bool", 1},    {"uint8", 1},  {"int8", 1},     {"uint16", 2}, {"int16", 2},
      {"float16", 2}, {"uint32", 4}, {"bfloat16", 2}, {"int32", 4},  {"float32", 4},
      {"uint64", 8},  {"int64", 8},  {"float64", 8}};
  const auto found = bytes.find(dtype);
  return found == bytes.end() ? 0 : found->second;
}

std::vector<std::int64_t> row_major_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

std::int64_t bounded_size(const std::vector<std::int64_t>& shape) {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(size, extent, &size) || size > std::int64_t{1} << 48) {
      return -1;
    }
  }
  return size;
}

}  // namespace al_mpi
