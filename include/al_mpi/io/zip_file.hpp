#pragma once

#include <map>
#include <memory>
#include <string>

#include <al_mpi/io/mapped_file.hpp>

namespace al_mpi {

/// A zip file, mapped, for records that are stored uncompressed: what torch.save writes.
class ZipFile {
 public:
  struct Record {
    const void* data = nullptr;  ///< as long as mapping() lives
    std::int64_t bytes = 0;
    std::uint32_t crc = 0;
    bool plain = true;  ///< neither compressed nor encrypted
  };

  /// Reads the directory alone. Throws DataError: missing or truncated file, a damaged directory.
  explicit ZipFile(const std::string& path);

  /// Records by name, without the folder that encloses them all.
  const std::map<std::string, Record>& records() const { return records_; }
  bool has(const std::string& name) const { return records_.count(name) > 0; }

  /// Checks the record's checksum, O(bytes), then gives it. Throws DataError: no such record, one
  /// that is compressed, or damaged bytes.
  const Record& at(const std::string& name) const;

  const std::shared_ptr<const MappedFile>& mapping() const { return mapping_; }

 private:
  std::string path_;
  std::shared_ptr<const MappedFile> mapping_;
  std::map<std::string, Record> records_;
};

}  // namespace al_mpi
