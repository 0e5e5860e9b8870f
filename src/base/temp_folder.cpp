#include <al_mpi/base/temp_folder.hpp>

#include <cstdlib>
#include <filesystem>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

namespace fs = std::filesystem;

TempFolder::TempFolder() {
  std::error_code unknown;
  std::string path = (fs::temp_directory_path(unknown) / "al_mpi-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) {
    throw DataError(path, "", "no scratch folder can be made here (TMPDIR names another place)");
  }
  path_ = path;
}

TempFolder::~TempFolder() {
  std::error_code gone;
  fs::remove_all(path_, gone);
}

}  // namespace al_mpi
