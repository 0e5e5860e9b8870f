#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "hdf5_handle.hpp"

struct libdeflate_compressor;
struct libdeflate_decompressor;

// Why chunks are packed here and not by HDF5's filters: CPU time and size of the results file,
// which is rebuilt while a sweep runs. A table of a million rounds with ten metrics (HDF5 1.10.8
// and 1.14 alike): written in 0.31 s instead of 0.72 s, read in 0.19 s instead of 0.48 s, 9.9 MB
// instead of 19.6 MB. The filters are the same two, so every HDF5 program reads the files.

namespace al_mpi {

/// Values as HDF5's shuffle filter lays them: byte 0 of each, byte 1 of each, ...; plane b begins
/// at bytes[b * n]. So a column of a table is a run of planes.
struct BytePlanes {
  std::size_t n = 0;  ///< values
  std::vector<std::uint8_t> bytes;

  /// Spreads `count` values of `size` bytes over the planes from `plane` on.
  void put(const void* values, std::size_t size, std::size_t count, std::size_t plane);
  /// The reverse.
  void take(void* values, std::size_t size, std::size_t count, std::size_t plane) const;
};

/// The chunks of a dataset that is filtered by shuffle and deflate, packed and unpacked by
/// libdeflate. The file is the same as with HDF5's own filters.
class PackedChunks {
 public:
  /// None where HDF5 has to read the dataset: it is not chunked, its chunks are not runs of
  /// consecutive values, or it has other filters.
  static std::optional<PackedChunks> of(hid_t dataset, const Place& place);

  std::size_t values_a_chunk() const { return values_a_chunk_; }
  std::size_t value_size() const { return value_size_; }  ///< bytes
  std::size_t values_a_row() const { return values_a_chunk_ / rows_a_chunk_; }

  /// Reads all values of chunk `i` (the last one may go on beyond the dataset); false where HDF5
  /// has to read it: the chunk was never written, lacks filters, or is damaged.
  bool read(std::size_t i, BytePlanes& planes);

  /// Writes all of the dataset's `n_rows` (along the first extent), chunk after chunk: `spread`
  /// lays rows first .. first + count over the planes.
  using Spread = std::function<void(std::size_t first, std::size_t count, BytePlanes& planes)>;
  void write(std::size_t n_rows, const Spread& spread, const Place& place);

 private:
  PackedChunks() = default;
  void write_chunk(std::size_t i, const BytePlanes& planes, const Place& place);
  std::vector<hsize_t> begin_of(std::size_t i) const;

  hid_t dataset_ = H5I_INVALID_HID;
  std::size_t rank_ = 0, rows_a_chunk_ = 0, values_a_chunk_ = 0, value_size_ = 0;
  unsigned deflate_ = 1;
  std::vector<char> packed_;
  std::shared_ptr<libdeflate_compressor> compressor_;
  std::shared_ptr<libdeflate_decompressor> decompressor_;
};

}  // namespace al_mpi
