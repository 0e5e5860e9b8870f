#pragma once

#include <string>
#include <string_view>

namespace al_mpi {

/// Replaces a file as a whole: readers see the old one or the new one, also after a crash.
///
/// Write to temporary(), then commit(). Without commit() the temporary is removed and the target is
/// as before.
class AtomicFile {
 public:
  /// Makes an empty temporary with an unguessable name beside `target` (where it points to, if it
  /// is a link). Throws DataError: missing or unwritable folder, target is a folder.
  explicit AtomicFile(const std::string& target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  const std::string& temporary() const noexcept { return temporary_; }

  /// fsync, rename over the target, fsync of the folder. Throws DataError, e.g. on a full disk.
  void commit();

 private:
  std::string target_;
  std::string temporary_;  // empty once committed
};

/// Replaces `path` by `contents`.
void write_file_atomically(const std::string& path, std::string_view contents);

}  // namespace al_mpi
