#include <al_mpi/data/texture.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#include "pool_standard.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/pixel_types.hpp>
#include <al_mpi/data/sensors.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t gradient_scales = 4, pattern_scales = 3, block = 8;
static_assert(pattern_scales <= gradient_scales,
              "patterns are looked for in the gradients' scales");

/// One band of an image, [height, width].
struct Plane {
  std::int64_t height = 0, width = 0;
  std::vector<float> values;

  const float* row(std::int64_t y) const { return values.data() + y * width; }
  float* row(std::int64_t y) { return values.data() + y * width; }
};

/// The sum of term(i), i = 0 .. n-1, in eight sums side by side, which the compiler puts into one
/// register.
template <class Term>
double sum_of(std::int64_t n, const Term& term) {
  std::array<float, 8> sums{};
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::int64_t k = 0; k < 8; ++k) sums[static_cast<std::size_t>(k)] += term(i + k);
  }
  double sum = 0;
  for (; i < n; ++i) sum += static_cast<double>(term(i));
  for (const float part : sums) sum += static_cast<double>(part);
  return sum;
}

double mean_of(const std::vector<float>& values) {
  const float* v = values.data();
  const auto n = static_cast<std::int64_t>(values.size());
  return n == 0 ? 0 : sum_of(n, [v](std::int64_t i) { return v[i]; }) / static_cast<double>(n);
}

/// Mean of the product of both without their means.
double covariance(const std::vector<float>& a, const std::vector<float>& b) {
  const auto n = static_cast<std::int64_t>(a.size());
  if (n == 0) return 0;
  const auto mean_a = static_cast<float>(mean_of(a)), mean_b = static_cast<float>(mean_of(b));
  const float *p = a.data(), *q = b.data();
  return sum_of(n, [=](std::int64_t i) { return (p[i] - mean_a) * (q[i] - mean_b); }) /
         static_cast<double>(n);
}

double deviation_of(const std::vector<float>& values) {
  return std::sqrt(covariance(values, values));
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  const double spread = deviation_of(a) * deviation_of(b);
  return spread > 0 ? std::clamp(covariance(a, b) / spread, -1.0, 1.0) : 0.0;
}

/// Half as wide and high; each pixel is the mean of four.
Plane halved(const Plane& fine) {
  Plane coarse{fine.height / 2, fine.width / 2, {}};
  coarse.values.resize(static_cast<std::size_t>(coarse.height * coarse.width));
  for (std::int64_t y = 0; y < coarse.height; ++y) {
    const float *upper = fine.row(2 * y), *lower = fine.row(2 * y + 1);
    float* out = coarse.row(y);
    for (std::int64_t x = 0; x < coarse.width; ++x) {
      out[x] = 0.25f * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]);
    }
  }
  return coarse;
}

/// The plane at `n` scales, each half as fine as the one before.
std::vector<Plane> pyramid(const Plane& finest, std::int64_t n) {
  std::vector<Plane> scales = {finest};
  while (static_cast<std::int64_t>(scales.size()) < n) scales.push_back(halved(scales.back()));
  return scales;
}

/// Differences of pixels (dx, dy) apart.
std::vector<float> differences(const Plane& plane, std::int64_t dx, std::int64_t dy) {
  const std::int64_t width = plane.width - dx, height = plane.height - dy;
  if (width <= 0 || height <= 0) return {};
  std::vector<float> result(static_cast<std::size_t>(width * height));
  for (std::int64_t y = 0; y < height; ++y) {
    const float *from = plane.row(y), *to = plane.row(y + dy) + dx;
    float* out = result.data() + y * width;
    for (std::int64_t x = 0; x < width; ++x) out[x] = to[x] - from[x];
  }
  return result;
}

/// The columns of one image, filled in from the front.
class Row {
 public:
  explicit Row(std::vector<float>& all) : all_(all) {}
  void add(double value) { all_.push_back(static_cast<float>(value)); }

  void add_percentiles(std::vector<float> values) {
    for (const float value : percentiles_10_50_90(values)) all_.push_back(value);
  }

  void add_moments(const Plane& band) {
    const double mean = mean_of(band.values), deviation = deviation_of(band.values);
    double third = 0, fourth = 0;
    if (deviation > 0) {
      const auto n = static_cast<std::int64_t>(band.values.size());
      const float *v = band.values.data(), m = static_cast<float>(mean),
                  scale = static_cast<float>(1 / deviation);
      third = sum_of(n,
                     [=](std::int64_t i) {
                       const float z = (v[i] - m) * scale;
                       return z * z * z;
                     }) /
              static_cast<double>(n);
      fourth = sum_of(n,
                      [=](std::int64_t i) {
                        const float z = (v[i] - m) * scale;
                        return z * z * z * z;
                      }) /
               static_cast<double>(n);
    }
    for (const double value : {mean, deviation, third, fourth}) add(value);
    add_percentiles(band.values);
  }

  /// `unit` is the band's deviation over /train: differences far below it all look alike.
  void add_gradients(const Plane& of_band, double unit) {
    const double least = 1e-3 * unit;
    for (const Plane& band : pyramid(of_band, gradient_scales)) {
      double size = 0, spread = 0;
      for (const auto& [dx, dy] : {std::pair(1, 0), std::pair(0, 1)}) {
        const auto change = differences(band, dx, dy);
        const auto n = static_cast<std::int64_t>(change.size());
        if (n == 0) continue;
        const float* v = change.data();
        size += sum_of(n, [v](std::int64_t i) { return std::abs(v[i]); }) / static_cast<double>(n);
        spread += deviation_of(change);
      }
      add(std::log(size + least));
      add(std::log(spread + least));
    }
  }

  /// `least`: sums of both bands below it count as this.
  void add_pair(const Plane& a, const Plane& b, float least) {
    std::vector<float> ratio(a.values.size());
    for (std::size_t i = 0; i < ratio.size(); ++i) {
      ratio[i] = (a.values[i] - b.values[i]) / std::max(std::abs(a.values[i] + b.values[i]), least);
    }
    add(mean_of(ratio));
    add(deviation_of(ratio));
    add_percentiles(std::move(ratio));
    add(correlation(a.values, b.values));
    add(correlation(differences(a, 1, 0), differences(b, 1, 0)));
  }

  void add_coherence(const Plane& grey) {
    const std::int64_t height = grey.height - 2, width = grey.width - 2;
    const std::int64_t side = std::min({block, width / 2, height / 2});
    if (side < 1) {
      for (int column = 0; column < 4; ++column) add(0);
      return;
    }
    const std::int64_t across = width / side, down = height / side;
    Tensor whole;
    double coherence = 0, weighted = 0, squares = 0;
    for (std::int64_t by = 0; by < down; ++by) {
      for (std::int64_t bx = 0; bx < across; ++bx) {
        const Tensor tensor = tensor_of(grey, by * side + 1, bx * side + 1, side);
        whole.xx += tensor.xx;
        whole.yy += tensor.yy;
        whole.xy += tensor.xy;
        coherence += tensor.coherence();
        weighted += tensor.coherence() * tensor.energy();
        squares += tensor.energy() * tensor.energy();
      }
    }
    const auto n = static_cast<double>(across * down);
    const double energy = whole.energy(), mean = energy / n;
    add(whole.coherence());
    add(coherence / n);
    add(energy > 0 ? weighted / energy : 0.0);
    add(energy > 0 ? std::sqrt(std::max(0.0, squares / n - mean * mean)) / mean : 0.0);
  }

  void add_patterns(const Plane& grey) {
    std::array<std::int64_t, 10> counts{};
    const std::int64_t width = grey.width - 2;
    std::vector<std::uint8_t> codes(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)));
    for (std::int64_t y = 1; y + 1 < grey.height && width > 0; ++y) {
      const float *above = grey.row(y - 1), *here = grey.row(y), *below = grey.row(y + 1);
      // Neighbours in the order in which they lie around the pixel.
      const std::array<const float*, 8> around = {above,     above + 1, above + 2, here + 2,
                                                  below + 2, below + 1, below,     here};
      std::fill(codes.begin(), codes.end(), std::uint8_t{0});
      for (std::size_t k = 0; k < around.size(); ++k) {
        const float* neighbour = around[k];
        for (std::int64_t x = 0; x < width; ++x) {
          codes[static_cast<std::size_t>(x)] |=
              static_cast<std::uint8_t>((neighbour[x] >= here[x + 1] ? 1 : 0) << k);
        }
      }
      for (const std::uint8_t code : codes) ++counts[pattern_of(code)];
    }
    const auto n = static_cast<double>(std::max<std::int64_t>(width * (grey.height - 2), 1));
    for (const std::int64_t count : counts) add(static_cast<double>(count) / n);
  }

 private:
  /// The structure tensor [xx, xy; xy, yy] summed over pixels.
  struct Tensor {
    double xx = 0, yy = 0, xy = 0;

    double energy() const { return xx + yy; }
    /// 0 where all directions are alike, 1 where there is one.
    double coherence() const {
      const double difference = xx - yy;
      return energy() > 0 ? std::sqrt(difference * difference + 4 * xy * xy) / energy() : 0.0;
    }
  };

  static Tensor tensor_of(const Plane& grey, std::int64_t y0, std::int64_t x0, std::int64_t side) {
    Tensor tensor;
    for (std::int64_t y = y0; y < y0 + side; ++y) {
      const float *above = grey.row(y - 1) + x0, *here = grey.row(y) + x0,
                  *below = grey.row(y + 1) + x0;
      float xx = 0, yy = 0, xy = 0;
      for (std::int64_t x = 0; x < side; ++x) {
        const float across = here[x + 1] - here[x - 1], down = below[x] - above[x];
        xx += across * across;
        yy += down * down;
        xy += across * down;
      }
      tensor.xx += static_cast<double>(xx);
      tensor.yy += static_cast<double>(yy);
      tensor.xy += static_cast<double>(xy);
    }
    return tensor;
  }

  /// Number of neighbours that are not darker, where these lie side by side; else 9.
  static std::size_t pattern_of(std::uint8_t code) {
    static const auto table = [] {
      std::array<std::size_t, 256> patterns{};
      for (std::size_t pattern = 0; pattern < patterns.size(); ++pattern) {
        std::size_t ones = 0, changes = 0;
        for (std::size_t k = 0; k < 8; ++k) {
          ones += (pattern >> k) & 1;
          changes += ((pattern >> k) ^ (pattern >> ((k + 1) % 8))) & 1;
        }
        patterns[pattern] = changes <= 2 ? ones : 9;
      }
      return patterns;
    }();
    return table[code];
  }

  std::vector<float>& all_;
};

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

Pairs pairs_of(const Dataset& dataset) {
  const Sensor* sensor = find_sensor(dataset.sensor);
  const auto find = [&](const std::string& color) {
    std::size_t b = 0;
    while (b < dataset.bands.size() && band_color(dataset.bands[b], sensor) != color) ++b;
    return b;
  };
  Pairs pairs;
  for (const auto& [a, b] : {std::pair("red", "green"), std::pair("green", "blue"),
                             std::pair("red", "blue"), std::pair("nir", "red"),      // NDVI
                             std::pair("green", "nir"), std::pair("swir16", "nir"),  // NDWI, NDBI
                             std::pair("nir", "swir22")}) {                          // NBR
    const std::size_t first = find(a), second = find(b);
    if (std::max(first, second) < dataset.bands.size()) pairs.emplace_back(first, second);
  }
  if (pairs.empty()) {
    for (std::size_t b = 1; b < dataset.bands.size(); ++b) pairs.emplace_back(b - 1, b);
  }
  return pairs;
}

/// The scale and offset that turn stored numbers of band c into physical ones.
struct Unit {
  float scale = 1, offset = 0, deviation = 1;
};

std::vector<Unit> units_of(const Dataset& dataset) {
  std::vector<Unit> units;
  for (std::size_t c = 0; c < dataset.bands.size(); ++c) {
    Unit unit;
    if (!dataset.scale.empty()) unit.scale = static_cast<float>(dataset.scale[c]);
    if (!dataset.offset.empty()) unit.offset = static_cast<float>(dataset.offset[c]);
    unit.deviation = dataset.std_dev[c] * std::abs(unit.scale);
    units.push_back(unit);
  }
  return units;
}

template <class T>
std::vector<float> raw_rows(const Split& split, const std::vector<Unit>& units,
                            const Pairs& pairs) {
  const std::int64_t pixels = split.height * split.width;
  std::vector<float> rows;
  std::vector<Plane> bands(units.size(), Plane{split.height, split.width, {}});
  for (std::int64_t i = 0; i < split.n; ++i) {
    const auto* image = static_cast<const T*>(split.image(i));
    Plane grey{split.height, split.width, std::vector<float>(static_cast<std::size_t>(pixels))};
    for (std::size_t c = 0; c < bands.size(); ++c, image += pixels) {
      std::vector<float>& values = bands[c].values;
      values.assign(image, image + pixels);
      const float weight = 1.0f / (units[c].deviation * static_cast<float>(bands.size()));
      for (std::size_t p = 0; p < values.size(); ++p) {
        values[p] = values[p] * units[c].scale + units[c].offset;
        grey.values[p] += values[p] * weight;
      }
    }
    Row row(rows);
    for (const Plane& band : bands) row.add_moments(band);
    for (std::size_t c = 0; c < bands.size(); ++c) {
      row.add_gradients(bands[c], static_cast<double>(units[c].deviation));
    }
    const auto greys = pyramid(grey, gradient_scales);
    for (const Plane& scale : greys) row.add_coherence(scale);
    for (std::size_t k = 0; k < pattern_scales; ++k) row.add_patterns(greys[k]);
    for (const auto& [a, b] : pairs) {
      row.add_pair(bands[a], bands[b], 1e-3f * (units[a].deviation + units[b].deviation));
    }
  }
  return rows;
}

std::vector<float> raw_rows(const Split& split, const std::vector<Unit>& units,
                            const Pairs& pairs) {
  return with_pixel_type(
      split.pixel_type, [&](auto pixel) { return raw_rows<decltype(pixel)>(split, units, pairs); });
}

}  // namespace

std::int64_t texture_dim(const Dataset& dataset) {
  const auto n_bands = static_cast<std::int64_t>(dataset.bands.size());
  const auto n_pairs = static_cast<std::int64_t>(pairs_of(dataset).size());
  return (7 + 2 * gradient_scales) * n_bands + 4 * gradient_scales + 10 * pattern_scales +
         7 * n_pairs;
}

std::map<std::string, std::vector<float>> texture(const Dataset& dataset) {
  const auto units = units_of(dataset);
  const Pairs pairs = pairs_of(dataset);
  std::map<std::string, std::vector<float>> all;
  for (const auto& [name, split] : dataset.splits) all[name] = raw_rows(split, units, pairs);
  const PoolStandard standard(all.at("train"), texture_dim(dataset));
  for (auto& [name, rows] : all) {
    standard.apply(rows);
    for (float& value : rows) value = std::clamp(value, -5.0f, 5.0f);
  }
  return all;
}

}  // namespace al_mpi
