#include <al_mpi/data/thumbnails.hpp>

#include <algorithm>
#include <cmath>

#include <al_mpi/data/pixel_types.hpp>
#include <al_mpi/data/sensors.hpp>

namespace al_mpi {
namespace {

double value(const Split& split, std::int64_t index, std::size_t band, std::int64_t pixel) {
  const std::int64_t at = static_cast<std::int64_t>(band) * split.height * split.width + pixel;
  const void* image = split.image(index);
  return with_pixel_type(split.pixel_type, [&](auto zero) {
    return static_cast<double>(static_cast<const decltype(zero)*>(image)[at]);
  });
}

Picture empty_picture(std::int64_t height, std::int64_t width) {
  Picture picture{height, width, {}};
  picture.rgb.resize(static_cast<std::size_t>(3 * height * width));
  return picture;
}

std::size_t place(const Picture& picture, std::int64_t y, std::int64_t x) {
  return static_cast<std::size_t>(3 * (y * picture.width + x));
}

}  // namespace

Thumbnails::Thumbnails(const Dataset& dataset) : dataset_(dataset) {
  find_bands();
  find_range();
}

void Thumbnails::find_bands() {
  const Sensor* sensor = find_sensor(dataset_.sensor);
  const std::array<const char*, 3> colors = {"red", "green", "blue"};
  int n_found = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t b = 0; b < dataset_.bands.size(); ++b) {
      if (band_color(dataset_.bands[b], sensor) != colors[k]) continue;
      bands_[k] = b;
      ++n_found;
      break;
    }
  }
  if (n_found == 3) return;
  bands_ = dataset_.bands.size() >= 3 ? std::array<std::size_t, 3>{0, 1, 2}
                                      : std::array<std::size_t, 3>{0, 0, 0};
}

void Thumbnails::find_range() {
  constexpr std::int64_t n_tiles = 256;
  const Split& pool = dataset_.train();
  const std::int64_t n = std::min(pool.n, n_tiles), n_pixels = pool.height * pool.width;
  const std::int64_t step = std::max<std::int64_t>(1, n_pixels / 1024);
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t pixel = 0; pixel < n_pixels; pixel += step) {
        values.push_back(value(pool, i * pool.n / n, bands_[k], pixel));
      }
    }
    std::sort(values.begin(), values.end());
    low_[k] = values[values.size() / 50];
    high_[k] = values[values.size() - 1 - values.size() / 50];
    if (high_[k] <= low_[k]) high_[k] = low_[k] + 1;
  }
}

Picture Thumbnails::of(const Split& split, std::int64_t index) const {
  Picture picture = empty_picture(split.height, split.width);
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::int64_t i = 0; i < split.height * split.width; ++i) {
      const double share = (value(split, index, bands_[k], i) - low_[k]) / (high_[k] - low_[k]);
      picture.rgb[static_cast<std::size_t>(3 * i) + k] =
          static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
    }
  }
  return picture;
}

Picture enlarged(const Picture& picture, std::int64_t least) {
  const std::int64_t side = std::min(picture.height, picture.width);
  const std::int64_t times = std::max<std::int64_t>(1, (least + side - 1) / side);
  Picture result = empty_picture(picture.height * times, picture.width * times);
  const auto at = [&](std::int64_t y, std::int64_t x, std::size_t k) {
    y = std::clamp<std::int64_t>(y, 0, picture.height - 1);
    x = std::clamp<std::int64_t>(x, 0, picture.width - 1);
    return static_cast<double>(picture.rgb[place(picture, y, x) + k]);
  };
  for (std::int64_t y = 0; y < result.height; ++y) {
    for (std::int64_t x = 0; x < result.width; ++x) {
      const double row = (static_cast<double>(y) + 0.5) / static_cast<double>(times) - 0.5;
      const double column = (static_cast<double>(x) + 0.5) / static_cast<double>(times) - 0.5;
      const auto top = static_cast<std::int64_t>(std::floor(row));
      const auto left = static_cast<std::int64_t>(std::floor(column));
      const double down = row - static_cast<double>(top);
      const double right = column - static_cast<double>(left);
      for (std::size_t k = 0; k < 3; ++k) {
        const double color =
            (1 - down) * ((1 - right) * at(top, left, k) + right * at(top, left + 1, k)) +
            down * ((1 - right) * at(top + 1, left, k) + right * at(top + 1, left + 1, k));
        result.rgb[place(result, y, x) + k] = static_cast<std::uint8_t>(std::lround(color));
      }
    }
  }
  return result;
}

Picture reduced(const Picture& picture, std::int64_t most) {
  const std::int64_t side = std::max(picture.height, picture.width);
  const std::int64_t square = (side + most - 1) / most;
  if (square <= 1) return picture;
  Picture result =
      empty_picture((picture.height + square - 1) / square, (picture.width + square - 1) / square);
  for (std::int64_t y = 0; y < result.height; ++y) {
    for (std::int64_t x = 0; x < result.width; ++x) {
      const std::int64_t bottom = std::min(picture.height, (y + 1) * square);
      const std::int64_t right = std::min(picture.width, (x + 1) * square);
      const std::int64_t n = (bottom - y * square) * (right - x * square);
      for (std::size_t k = 0; k < 3; ++k) {
        std::int64_t sum = 0;
        for (std::int64_t v = y * square; v < bottom; ++v) {
          for (std::int64_t u = x * square; u < right; ++u)
            sum += picture.rgb[place(picture, v, u) + k];
        }
        result.rgb[place(result, y, x) + k] = static_cast<std::uint8_t>((sum + n / 2) / n);
      }
    }
  }
  return result;
}

}  // namespace al_mpi
