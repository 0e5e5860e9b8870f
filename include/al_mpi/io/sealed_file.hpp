#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace al_mpi {

/// A JSON header and bytes after it, under one checksum: a torn or damaged file is never believed.
///
/// File: one line "MAGIC HASH SIZE", then SIZE bytes of JSON, then the bytes. HASH (XXH3) covers
/// everything after the line.
struct SealedFile {
  nlohmann::json header;
  std::string bytes;
};

/// Replaces `path` atomically. Throws DataError.
void write_sealed_file(const std::string& path, const std::string& magic, const SealedFile& file);

/// Throws DataError: missing, unreadable, damaged, or another MAGIC ("is no `what` of this
/// program").
SealedFile read_sealed_file(const std::string& path, const std::string& magic,
                            const std::string& what);

}  // namespace al_mpi
