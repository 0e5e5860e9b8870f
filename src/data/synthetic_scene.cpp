#include "synthetic_scene.hpp"

#include <algorithm>
#include <cmath>

namespace al_mpi {
namespace {

constexpr double full_turn = 2 * M_PI;

/// Nearly normal, from one draw: the sum of four uniform numbers of 16 bits. Fast, for pixels.
double quick_normal(RngStream& rng) {
  const std::uint64_t bits = rng();
  const std::uint64_t sum =
      (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
  return (static_cast<double>(sum) - 131070.0) / 37837.2;
}

/// Rises from 0 to 1 between -width/2 and width/2.
double ramp(double x, double width) {
  return std::clamp(x / width + 0.5, 0.0, 1.0);
}

std::size_t draw(const std::vector<double>& weights, RngStream& rng) {
  double total = 0;
  for (const double weight : weights) total += weight;
  double left = rng.uniform() * total;
  for (std::size_t k = 0; k + 1 < weights.size(); ++k) {
    if ((left -= weights[k]) < 0) return k;
  }
  return weights.size() - 1;
}

Spectrum blend(const Spectrum& a, const Spectrum& b, double share_of_b) {
  Spectrum mixed;
  for (std::size_t i = 0; i < mixed.size(); ++i) mixed[i] = a[i] + share_of_b * (b[i] - a[i]);
  return mixed;
}

}  // namespace

// Plane waves of random direction and phase; one wave = stripes, several = a rolling texture. In
// [0, 1].
std::vector<double> SceneRenderer::waves(double period, int n_waves, RngStream& rng) const {
  std::vector<double> field(n_pixels(), 0.5);
  for (int w = 0; w < n_waves; ++w) {
    const double angle = full_turn * rng.uniform(), phase = full_turn * rng.uniform();
    const double frequency = full_turn / (period * (0.8 + 0.4 * rng.uniform()));
    const double fx = frequency * std::cos(angle), fy = frequency * std::sin(angle);
    std::size_t i = 0;
    for (std::int64_t y = 0; y < tile_; ++y) {
      for (std::int64_t x = 0; x < tile_; ++x, ++i) {
        field[i] += 0.5 / n_waves * std::sin(fx * double(x) + fy * double(y) + phase);
      }
    }
  }
  return field;
}

// A grid of rectangles, each with its own share.
std::vector<double> SceneRenderer::blocks(double size, RngStream& rng) const {
  const double width = size * (0.8 + 0.4 * rng.uniform()),
               height = size * (0.8 + 0.4 * rng.uniform());
  const double left = width * rng.uniform(), top = height * rng.uniform();
  const auto n_columns = static_cast<std::size_t>(double(tile_) / width) + 2;
  const auto n_rows = static_cast<std::size_t>(double(tile_) / height) + 2;
  std::vector<double> shares(n_columns * n_rows);
  for (auto& share : shares) share = rng.uniform() < 0.5 ? 0.15 : 0.85;
  std::vector<double> field;
  field.reserve(n_pixels());
  for (std::int64_t y = 0; y < tile_; ++y) {
    const auto row = static_cast<std::size_t>((double(y) + top) / height);
    for (std::int64_t x = 0; x < tile_; ++x) {
      field.push_back(
          shares[row * n_columns + static_cast<std::size_t>((double(x) + left) / width)]);
    }
  }
  return field;
}

// A bent band across the tile.
std::vector<double> SceneRenderer::ribbon(double width, RngStream& rng) const {
  const double angle = full_turn * rng.uniform(), along_x = std::cos(angle),
               along_y = std::sin(angle);
  const double half = double(tile_) / 2, offset = half * 0.6 * (rng.uniform() - 0.5);
  const double bend = 0.4 * rng.normal() / double(tile_),
               extent = width * (0.8 + 0.4 * rng.uniform());
  std::vector<double> field;
  field.reserve(n_pixels());
  for (std::int64_t y = 0; y < tile_; ++y) {
    for (std::int64_t x = 0; x < tile_; ++x) {
      const double dx = double(x) - half, dy = double(y) - half;
      const double along = dx * along_x + dy * along_y, across = dy * along_x - dx * along_y;
      const double distance = std::abs(across - offset - bend * along * along);
      field.push_back(ramp(extent / 2 - distance, 1.5));
    }
  }
  return field;
}

std::vector<double> SceneRenderer::pattern(const SceneClass& scene, RngStream& rng) const {
  switch (scene.pattern) {
    case Pattern::waves:
      return waves(scene.scale, 3, rng);
    case Pattern::stripes:
      return waves(scene.scale, 1, rng);
    case Pattern::blocks:
      return blocks(scene.scale, rng);
    case Pattern::ribbon:
      return ribbon(scene.scale, rng);
  }
  return {};
}

// Materials as they look on this day: brighter or darker, greener or drier, each band a little off.
SceneRenderer::Spectra SceneRenderer::todays_spectra(RngStream& rng) const {
  Spectra spectra = signatures;
  for (auto& spectrum : spectra) {
    const double brightness = std::exp(0.14 * noise_ * rng.normal());
    const double greenness = 0.12 * noise_ * rng.normal();
    for (std::size_t b = 0; b < spectrum.size(); ++b) {
      const bool near_infrared = (b >= 5 && b <= 8) || b == 12;
      const double tilt = std::exp(near_infrared ? greenness : -0.7 * greenness);
      spectrum[b] *= brightness * tilt * std::exp(0.04 * noise_ * rng.normal());
    }
  }
  return spectra;
}

// Light, haze (strongest in the blue) and sensor noise over the cover.
void SceneRenderer::paint(const Cover& cover, const Spectra& spectra, RngStream& rng,
                          std::uint16_t* image) const {
  const double light = std::exp(0.12 * noise_ * rng.normal());
  const double haze = 250 * noise_ * rng.uniform();
  for (std::size_t b = 0; b < static_cast<std::size_t>(n_bands_); ++b) {
    const double haze_here = b < 5 ? haze / (1.0 + double(b)) : 0.0;
    for (std::size_t i = 0; i < n_pixels(); ++i) {
      const double first = spectra[cover.first[i]][b], second = spectra[cover.second[i]][b];
      const double clear = light * (first + cover.share[i] * (second - first)) + haze_here;
      const double grain = noise_ * (0.05 * clear + 3.0) * quick_normal(rng);
      *image++ = static_cast<std::uint16_t>(std::clamp(clear + grain + 0.5, 1.0, 65535.0));
    }
  }
}

void SceneRenderer::render_scene(std::size_t scene, RngStream rng, std::uint16_t* image) const {
  const SceneClass& kind = scene_classes[scene];
  const SceneClass& lookalike = scene_classes[kind.resembles];
  Spectra spectra = todays_spectra(rng);
  // Unequal sub-modes: most scenes are typical, some of another season, a few nearly another class.
  const double mode = rng.uniform();
  const Material first = mode > 0.65 && mode < 0.88 ? kind.other_season : kind.first;
  const double shift = std::min(noise_, 1.5) * (mode < 0.88 ? 0.25 * rng.uniform() : 0.6);
  Spectrum ground = blend(spectra[first], spectra[lookalike.first], shift);
  Spectrum detail = blend(spectra[kind.second], spectra[lookalike.second], shift);
  spectra[0] = ground;
  spectra[1] = detail;

  Cover cover;
  cover.share = pattern(kind, rng);
  const double contrast = std::clamp(1.0 - 0.25 * noise_ * rng.uniform(), 0.2, 1.0);
  for (auto& share : cover.share) share *= contrast;
  cover.first.assign(n_pixels(), 0);
  cover.second.assign(n_pixels(), 1);
  paint(cover, spectra, rng, image);
}

// Cells around random sites (bent by waves); a pixel at a border holds a share of its neighbour.
SceneRenderer::Cover SceneRenderer::patchwork(const std::vector<double>& weights,
                                              RngStream& rng) const {
  struct Site {
    double x, y;
    std::uint8_t cover;
  };
  std::vector<Site> sites(4 + rng.below(5));
  for (auto& site : sites) {
    site = {rng.uniform() * double(tile_), rng.uniform() * double(tile_),
            static_cast<std::uint8_t>(draw(weights, rng))};
  }
  const double period = double(tile_) / 2, bend = double(tile_) / 8;
  const auto bend_x = waves(period, 2, rng), bend_y = waves(period, 2, rng);
  Cover cover;
  for (std::size_t i = 0; i < n_pixels(); ++i) {
    const double x = double(i % static_cast<std::size_t>(tile_)) + bend * bend_x[i];
    const double y = double(i / static_cast<std::size_t>(tile_)) + bend * bend_y[i];
    const auto distance = [&](const Site& site) { return std::hypot(site.x - x, site.y - y); };
    std::partial_sort(sites.begin(), sites.begin() + 2, sites.end(),
                      [&](const Site& a, const Site& b) { return distance(a) < distance(b); });
    cover.first.push_back(sites[0].cover);
    cover.second.push_back(sites[1].cover);
    cover.share.push_back(0.5 *
                          (1.0 - std::min(1.0, (distance(sites[1]) - distance(sites[0])) / 2.5)));
  }
  return cover;
}

// Annotators leave out what they cannot tell: borders between covers, and now and then a whole
// patch.
void SceneRenderer::remove_labels(const Cover& cover, RngStream& rng, std::uint8_t* labels) const {
  const double x0 = rng.uniform() * double(tile_), y0 = rng.uniform() * double(tile_);
  const double radius = double(tile_) * (rng.uniform() < 0.5 ? 0.1 + 0.2 * rng.uniform() : 0.0);
  for (std::size_t i = 0; i < n_pixels(); ++i) {
    const double x = double(i % static_cast<std::size_t>(tile_));
    const double y = double(i / static_cast<std::size_t>(tile_));
    const bool border = cover.first[i] != cover.second[i] && cover.share[i] > 0.3;
    if (border || std::hypot(x - x0, y - y0) < radius) labels[i] = 0;
  }
}

void SceneRenderer::render_land(const std::vector<double>& weights, RngStream rng,
                                std::uint16_t* image, std::uint8_t* labels) const {
  const Spectra spectra = todays_spectra(rng);
  const Cover cover = patchwork(weights, rng);
  for (std::size_t i = 0; i < n_pixels(); ++i) {
    labels[i] = static_cast<std::uint8_t>(cover.first[i] + 1);
  }
  remove_labels(cover, rng, labels);
  paint(cover, spectra, rng, image);
}

}  // namespace al_mpi
