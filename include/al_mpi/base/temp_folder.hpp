#pragma once

#include <string>

namespace al_mpi {

/// A new folder in the system's folder for temporary files (TMPDIR); gone with this object.
class TempFolder {
 public:
  /// Throws DataError where none can be made.
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace al_mpi
