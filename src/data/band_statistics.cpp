#include <al_mpi/data/band_statistics.hpp>

#include <cmath>

#include "pool_standard.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/pixel_types.hpp>
#include <al_mpi/data/regions.hpp>

namespace al_mpi {
namespace {

/// Mean absolute difference between pixels (dx, dy) apart.
double roughness(const float* band, const Regions& size, std::int64_t dx, std::int64_t dy) {
  const std::int64_t width = size.width - dx, height = size.height - dy;
  if (width == 0 || height == 0) return 0.0;
  double sum = 0;
  for (std::int64_t y = 0; y < height; ++y) {
    const float* row = band + y * size.width;
    const float* neighbours = row + dy * size.width + dx;
    for (std::int64_t x = 0; x < width; ++x)
      sum += std::abs(double(neighbours[x]) - double(row[x]));
  }
  return sum / static_cast<double>(width * height);
}

void add_band(std::vector<float>& band, const Regions& size, std::vector<float>& row) {
  BandMoments moments(1);
  moments.add(band.data(), static_cast<std::int64_t>(band.size()));
  const double across = roughness(band.data(), size, 1, 0);
  const double down = roughness(band.data(), size, 0, 1);
  row.push_back(moments.mean()[0]);
  row.push_back(static_cast<float>(moments.deviation(0)));
  for (const float percentile : percentiles_10_50_90(band)) row.push_back(percentile);
  row.push_back(static_cast<float>(across));
  row.push_back(static_cast<float>(down));
}

template <class T>
std::vector<float> statistics_of(const Split& split, const Regions& regions) {
  const std::int64_t n = split.n * regions.per_image();
  std::vector<float> rows, band;
  rows.reserve(static_cast<std::size_t>(n * split.channels * statistics_a_band));
  for (std::int64_t i = 0; i < n; ++i) {
    const auto* plane = static_cast<const T*>(split.image(regions.image_of(i)));
    plane += regions.top_of(i) * split.width + regions.left_of(i);
    for (std::int64_t c = 0; c < split.channels; ++c, plane += split.height * split.width) {
      band.clear();
      for (std::int64_t y = 0; y < regions.height; ++y) {
        const T* row = plane + y * split.width;
        band.insert(band.end(), row, row + regions.width);
      }
      add_band(band, regions, rows);
    }
  }
  return rows;
}

std::vector<float> raw_statistics(const Split& split, std::int64_t region) {
  const Regions regions = regions_of(split.height, split.width, region);
  return with_pixel_type(
      split.pixel_type, [&](auto pixel) { return statistics_of<decltype(pixel)>(split, regions); });
}

}  // namespace

std::vector<float> band_statistics(const Dataset& dataset, const std::string& split,
                                   std::int64_t region) {
  const auto pool = raw_statistics(dataset.train(), region);
  auto rows = split == "train" ? pool : raw_statistics(dataset.splits.at(split), region);
  PoolStandard(pool, static_cast<std::int64_t>(dataset.bands.size()) * statistics_a_band)
      .apply(rows);
  return rows;
}

}  // namespace al_mpi
