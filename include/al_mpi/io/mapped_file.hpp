#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace al_mpi {

/// A range of a file, mapped read-only: loaded on demand and shared by all processes of a node.
class MappedFile {
 public:
  /// Maps `size` bytes from byte `offset` on. Throws DataError: missing or unreadable file, range
  /// beyond its end (truncated), not enough address space.
  static std::shared_ptr<const MappedFile> map(const std::string& path, std::int64_t offset,
                                               std::int64_t size);
  static std::shared_ptr<const MappedFile> map(const std::string& path);  ///< the whole file

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const void* data() const noexcept { return data_; }  ///< byte `offset`; nullptr if size is 0
  std::int64_t size() const noexcept { return size_; }

 private:
  MappedFile() = default;

  void* begin_ = nullptr;  // of the mapping: a page boundary at or before data_
  std::size_t length_ = 0;
  const void* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace al_mpi
