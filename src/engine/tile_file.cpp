#include "tile_file.hpp"

#include <algorithm>
#include <filesystem>

#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {

Indices evenly_spread(std::int64_t n, std::int64_t n_images) {
  n = std::min(n, n_images);
  Indices indices;
  for (std::int64_t i = 0; i < n; ++i) indices.push_back(i * n_images / n);
  return indices;
}

void save_tiles(const std::string& path, const std::string& key, const Indices& tiles,
                const PixelMaps& maps, const Split& test) {
  std::error_code ignored;  // a folder that could not be made shows when the file is written
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  Hdf5File file = Hdf5File::create_in_memory(path);
  file.set_attribute("/", "format", std::string("al_mpi tiles"));
  file.set_attribute("/", "key", key);
  const Shape shape = {static_cast<std::int64_t>(tiles.size()), test.height, test.width};
  const Storage compressed = {{1, test.height, test.width}, 4};
  file.write("/index", tiles, {shape[0]});
  file.write("/prediction", maps.classes, shape, compressed);
  file.write("/entropy", maps.entropy, shape, compressed);
  write_file_atomically(path, file.image());
}

}  // namespace al_mpi
