#include "score_file.hpp"

#include <filesystem>

#include <fmt/format.h>

#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {

void save_scores(const std::string& folder, const std::string& key, int round,
                 const PoolScores& scores) {
  std::error_code ignored;  // a folder that could not be made shows when the file is written
  std::filesystem::create_directories(folder, ignored);
  const std::string path = fmt::format("{}/round_{}.h5", folder, round);
  Hdf5File file = Hdf5File::create_in_memory(path);
  file.set_attribute("/", "format", std::string("al_mpi scores"));
  file.set_attribute("/", "key", key);
  file.set_attribute("/", "round", std::int64_t{round});
  const Shape shape = {static_cast<std::int64_t>(scores.index.size())};
  const Storage compressed = {shape, 4};
  file.write("/index", scores.index, shape, compressed);
  file.write("/score", scores.score, shape, compressed);
  write_file_atomically(path, file.image());
}

}  // namespace al_mpi
