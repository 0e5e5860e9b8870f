#include <al_mpi/data/label_pool.hpp>

#include <cmath>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

/// NaN in the corners marks an image whose place is not known.
std::vector<std::optional<Footprint>> read_footprints(const std::string& path, const Hdf5File& file,
                                                      std::int64_t n) {
  const char* name = "/train/footprints";
  std::vector<std::optional<Footprint>> all(static_cast<std::size_t>(n));
  if (!file.has(name)) return all;
  if (file.info(name).shape != Shape{n, 4, 2}) {
    throw DataError(
        path, name,
        fmt::format("expected the shape ({}, 4, 2): corners in longitude and latitude", n));
  }
  const auto numbers = file.read<double>(name);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (std::isnan(numbers[8 * i])) continue;
    Footprint& corners = all[i].emplace();
    for (std::size_t k = 0; k < 4; ++k) {
      corners[k] = {numbers[8 * i + 2 * k], numbers[8 * i + 2 * k + 1]};
      if (std::abs(corners[k].longitude) <= 360 && std::abs(corners[k].latitude) <= 90) continue;
      throw DataError(path, name,
                      fmt::format("a corner of image {} at longitude {}, latitude {} [degrees]", i,
                                  corners[k].longitude, corners[k].latitude));
    }
  }
  return all;
}

/// /systems by their numbers, -1 = none.
std::vector<std::string> read_systems(const std::string& path, const Hdf5File& file,
                                      std::int64_t n) {
  const char* name = "/train/system";
  std::vector<std::string> all(static_cast<std::size_t>(n));
  if (!file.has(name) || !file.has("/systems")) return all;
  const auto known = file.read_strings("/systems");
  const auto numbers = file.read<std::int64_t>(name);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::int64_t number = i < numbers.size() ? numbers[i] : -2;
    if (number < -1 || number >= static_cast<std::int64_t>(known.size())) {
      throw DataError(path, name,
                      fmt::format("expected {} numbers of {} systems, or -1", n, known.size()));
    }
    if (number >= 0) all[i] = known[static_cast<std::size_t>(number)];
  }
  return all;
}

}  // namespace

LabelPool LabelPool::open(const std::string& path) {
  LabelPool pool;
  pool.dataset = open_dataset_or_pool(path);
  if (!is_label_pool(*pool.dataset)) {
    throw DataError(path, "", "is labelled already (al_prepare pool makes a pool to label)");
  }
  const auto file = Hdf5File::open(path);
  pool.footprints = read_footprints(path, file, pool.dataset->train().n);
  pool.systems = read_systems(path, file, pool.dataset->train().n);
  return pool;
}

}  // namespace al_mpi
