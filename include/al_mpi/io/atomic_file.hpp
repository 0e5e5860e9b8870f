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
  /// is a link), and removes those that killed processes left for this target. Throws DataError:
  /// missing or unwritable folder, target is a folder.
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
  int fd_ = -1;            // holds the lock that tells others that the temporary is in use
};

/// Removes the temporaries of killed processes for the target `name` in `folder`, or for any where
/// `name` is empty.
void remove_abandoned(const std::string& folder, const std::string& name = "");

/// Locks a scratch folder as long as the returned descriptor is open: is_abandoned() tells others
/// that it is in use.
int mark_as_used(const std::string& folder);
bool is_abandoned(
    const std::string& path);  ///< whether its maker is gone; false where that is unknown

/// Replaces `path` by `contents`.
void write_file_atomically(const std::string& path, std::string_view contents);

}  // namespace al_mpi
