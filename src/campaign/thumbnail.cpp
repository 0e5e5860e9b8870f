#include "thumbnail.hpp"

#include <algorithm>
#include <cmath>

#include <al_mpi/data/pixel_types.hpp>
#include <al_mpi/data/sensors.hpp>
#include <al_mpi/io/png_file.hpp>

namespace al_mpi {

Thumbnails::Thumbnails(const Dataset& pool) : pool_(pool), split_(pool.train()) {
  find_bands();
  find_range();
}

double Thumbnails::value(std::int64_t index, std::size_t band, std::int64_t pixel) const {
  const std::int64_t at = static_cast<std::int64_t>(band) * split_.height * split_.width + pixel;
  const void* image = split_.image(index);
  return with_pixel_type(split_.pixel_type, [&](auto zero) {
    return static_cast<double>(static_cast<const decltype(zero)*>(image)[at]);
  });
}

void Thumbnails::find_bands() {
  const Sensor* sensor = find_sensor(pool_.sensor);
  const std::array<const char*, 3> colors = {"red", "green", "blue"};
  int n_found = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t b = 0; b < pool_.bands.size(); ++b) {
      if (band_color(pool_.bands[b], sensor) != colors[k]) continue;
      bands_[k] = b;
      ++n_found;
      break;
    }
  }
  if (n_found == 3) return;
  bands_ = pool_.bands.size() >= 3 ? std::array<std::size_t, 3>{0, 1, 2}
                                   : std::array<std::size_t, 3>{0, 0, 0};
}

void Thumbnails::find_range() {
  constexpr std::int64_t n_tiles = 256;
  const std::int64_t n = std::min(split_.n, n_tiles), n_pixels = split_.height * split_.width;
  const std::int64_t step = std::max<std::int64_t>(1, n_pixels / 1024);
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t pixel = 0; pixel < n_pixels; pixel += step) {
        values.push_back(value(i * split_.n / n, bands_[k], pixel));
      }
    }
    std::sort(values.begin(), values.end());
    low_[k] = values[values.size() / 50];
    high_[k] = values[values.size() - 1 - values.size() / 50];
    if (high_[k] <= low_[k]) high_[k] = low_[k] + 1;
  }
}

std::string Thumbnails::png(std::int64_t index) const {
  constexpr std::int64_t least = 256;
  const std::int64_t height = split_.height, width = split_.width;
  const std::int64_t times =
      std::max<std::int64_t>(1, (least + std::min(height, width) - 1) / std::min(height, width));
  Picture picture{height * times, width * times, {}};
  picture.rgb.resize(static_cast<std::size_t>(3 * picture.height * picture.width));
  std::vector<double> shown(static_cast<std::size_t>(height * width));
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::int64_t i = 0; i < height * width; ++i) {
      const double share = (value(index, bands_[k], i) - low_[k]) / (high_[k] - low_[k]);
      shown[static_cast<std::size_t>(i)] = 255 * std::clamp(share, 0.0, 1.0);
    }
    // Between pixel centres the values change evenly, so that no squares catch the eye.
    const auto at = [&](std::int64_t y, std::int64_t x) {
      y = std::clamp<std::int64_t>(y, 0, height - 1);
      x = std::clamp<std::int64_t>(x, 0, width - 1);
      return shown[static_cast<std::size_t>(y * width + x)];
    };
    for (std::int64_t y = 0; y < picture.height; ++y) {
      for (std::int64_t x = 0; x < picture.width; ++x) {
        const double row = (static_cast<double>(y) + 0.5) / static_cast<double>(times) - 0.5;
        const double column = (static_cast<double>(x) + 0.5) / static_cast<double>(times) - 0.5;
        const auto top = static_cast<std::int64_t>(std::floor(row));
        const auto left = static_cast<std::int64_t>(std::floor(column));
        const double down = row - static_cast<double>(top);
        const double right = column - static_cast<double>(left);
        const double color =
            (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
            down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
        picture.rgb[static_cast<std::size_t>(3 * (y * picture.width + x)) + k] =
            static_cast<std::uint8_t>(std::lround(color));
      }
    }
  }
  return png_bytes(picture);
}

}  // namespace al_mpi
