#pragma once

#include <cstdint>
#include <vector>

#include "synthetic_materials.hpp"
#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// Renders tiles of `tile` x `tile` pixels in the first `n_bands` bands.
class SceneRenderer {
 public:
  SceneRenderer(std::int64_t tile, std::int64_t n_bands, double noise)
      : tile_(tile), n_bands_(n_bands), noise_(noise) {}

  /// One scene of class `scene` into `image` [n_bands, tile, tile].
  void render_scene(std::size_t scene, RngStream rng, std::uint16_t* image) const;

  /// A patchwork of land covers drawn with `weights` (first ones of Dynamic World), and its labels
  /// [tile, tile]: cover + 1, or 0 where a patch or a border is unlabelled.
  void render_land(const std::vector<double>& weights, RngStream rng, std::uint16_t* image,
                   std::uint8_t* labels) const;

 private:
  using Spectra = std::array<Spectrum, n_materials>;

  /// What every pixel consists of: `first`, and a `share` in [0, 1] of `second`.
  struct Cover {
    std::vector<std::uint8_t> first, second;
    std::vector<double> share;
  };

  std::size_t n_pixels() const { return static_cast<std::size_t>(tile_ * tile_); }
  std::vector<double> waves(double period, int n_waves, RngStream& rng) const;
  std::vector<double> blocks(double size, RngStream& rng) const;
  std::vector<double> ribbon(double width, RngStream& rng) const;
  std::vector<double> pattern(const SceneClass& scene, RngStream& rng) const;
  Cover patchwork(const std::vector<double>& weights, RngStream& rng) const;
  void remove_labels(const Cover& cover, RngStream& rng, std::uint8_t* labels) const;
  Spectra todays_spectra(RngStream& rng) const;
  void paint(const Cover& cover, const Spectra& spectra, RngStream& rng,
             std::uint16_t* image) const;

  std::int64_t tile_;
  std::int64_t n_bands_;
  double noise_;
};

}  // namespace al_mpi
