#include "packed_chunks.hpp"

#include <algorithm>
#include <array>

#include <libdeflate.h>

namespace al_mpi {
namespace {

/// f(number of bytes), as a constant for the usual numbers: loops over them are then unrolled.
template <class F>
void with_size(std::size_t size, const F& f) {
  if (size == 8) return f(std::integral_constant<std::size_t, 8>());
  if (size == 4) return f(std::integral_constant<std::size_t, 4>());
  f(size);
}

/// The level of deflate if the filters are shuffle by `value_size` and deflate, else none.
std::optional<unsigned> deflate_level(hid_t creation, std::size_t value_size) {
  if (H5Pget_nfilters(creation) != 2) return std::nullopt;
  const auto filter = [&](unsigned i, unsigned& option) {
    std::size_t n_options = 1;
    unsigned flags = 0, config = 0;
    return H5Pget_filter2(creation, i, &flags, &n_options, &option, 0, nullptr, &config);
  };
  unsigned shuffled = 0, level = 0;
  if (filter(0, shuffled) != H5Z_FILTER_SHUFFLE || shuffled != value_size) return std::nullopt;
  if (filter(1, level) != H5Z_FILTER_DEFLATE || level > 9) return std::nullopt;
  return level;
}

}  // namespace

void BytePlanes::put(const void* values, std::size_t size, std::size_t count, std::size_t plane) {
  const auto* from = static_cast<const std::uint8_t*>(values);
  with_size(size, [&](const auto width) {
    for (std::size_t b = 0; b < width; ++b) {
      std::uint8_t* to = bytes.data() + (plane + b) * n;
      for (std::size_t i = 0; i < count; ++i) to[i] = from[i * width + b];
    }
  });
}

void BytePlanes::take(void* values, std::size_t size, std::size_t count, std::size_t plane) const {
  auto* to = static_cast<std::uint8_t*>(values);
  with_size(size, [&](const auto width) {
    for (std::size_t b = 0; b < width; ++b) {
      const std::uint8_t* from = bytes.data() + (plane + b) * n;
      for (std::size_t i = 0; i < count; ++i) to[i * width + b] = from[i];
    }
  });
}

std::optional<PackedChunks> PackedChunks::of(hid_t dataset, const Place& place) {
  const Handle creation = place.own(H5Dget_create_plist(dataset), "read the layout");
  const Handle type = place.own(H5Dget_type(dataset), "read the type");
  const Shape shape = shape_of(dataset, place);
  if (H5Pget_layout(creation) != H5D_CHUNKED || shape.empty()) return std::nullopt;
  std::vector<hsize_t> chunk(shape.size());
  place.checked(H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data()),
                "read the layout");
  // No longer than the dataset: what is allocated for a chunk is bounded as the dataset is.
  const bool runs = std::equal(chunk.begin() + 1, chunk.end(), shape.begin() + 1,
                               [](hsize_t a, std::int64_t b) { return a == hsize_t(b); }) &&
                    chunk[0] <= std::max<hsize_t>(static_cast<hsize_t>(shape[0]), 1);
  const std::size_t value_size = H5Tget_size(type);
  const auto level = deflate_level(creation, value_size);
  if (!runs || !level) return std::nullopt;
  PackedChunks chunks;
  chunks.dataset_ = dataset;
  chunks.rank_ = shape.size();
  chunks.rows_a_chunk_ = chunk[0];
  chunks.values_a_chunk_ = 1;
  for (const hsize_t extent : chunk) chunks.values_a_chunk_ *= extent;
  chunks.value_size_ = value_size;
  chunks.deflate_ = *level;
  return chunks;
}

std::vector<hsize_t> PackedChunks::begin_of(std::size_t i) const {
  std::vector<hsize_t> begin(rank_, 0);
  begin[0] = i * rows_a_chunk_;
  return begin;
}

bool PackedChunks::read(std::size_t i, BytePlanes& planes) {
  const std::vector<hsize_t> begin = begin_of(i);
  const std::size_t size = values_a_chunk_ * value_size_;
  hsize_t packed_size = 0;
  if (H5Dget_chunk_storage_size(dataset_, begin.data(), &packed_size) < 0) return false;
  if (packed_size == 0 || packed_size > 2 * size + 1024) return false;
  packed_.resize(packed_size);
  std::uint32_t left_out = 0;
  if (H5Dread_chunk(dataset_, H5P_DEFAULT, begin.data(), &left_out, packed_.data()) < 0) {
    return false;
  }
  if (left_out != 0) return false;
  if (!decompressor_)
    decompressor_ = {libdeflate_alloc_decompressor(), libdeflate_free_decompressor};
  planes.n = values_a_chunk_;
  planes.bytes.resize(size);
  return libdeflate_zlib_decompress(decompressor_.get(), packed_.data(), packed_.size(),
                                    planes.bytes.data(), size, nullptr) == LIBDEFLATE_SUCCESS;
}

void PackedChunks::write(std::size_t n_rows, const Spread& spread, const Place& place) {
  BytePlanes planes{values_a_chunk_, {}};
  for (std::size_t i = 0, first = 0; first < n_rows; ++i, first += rows_a_chunk_) {
    const std::size_t count = std::min(rows_a_chunk_, n_rows - first);
    if (i == 0 || count < rows_a_chunk_) planes.bytes.assign(planes.n * value_size_, 0);
    spread(first, count, planes);
    write_chunk(i, planes, place);
  }
}

void PackedChunks::write_chunk(std::size_t i, const BytePlanes& planes, const Place& place) {
  if (!compressor_) {
    compressor_ = {libdeflate_alloc_compressor(static_cast<int>(deflate_)),
                   libdeflate_free_compressor};
  }
  packed_.resize(libdeflate_zlib_compress_bound(compressor_.get(), planes.bytes.size()));
  const std::size_t size = libdeflate_zlib_compress(
      compressor_.get(), planes.bytes.data(), planes.bytes.size(), packed_.data(), packed_.size());
  check(size > 0, "{}: a chunk larger than its bound", place.object);
  place.checked(H5Dwrite_chunk(dataset_, H5P_DEFAULT, 0, begin_of(i).data(), size, packed_.data()),
                "write the values");
}

}  // namespace al_mpi
