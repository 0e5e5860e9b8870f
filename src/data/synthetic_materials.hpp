#pragma once

#include <array>
#include <cstddef>

namespace al_mpi {

inline constexpr std::size_t n_bands_of_sentinel2 = 13;
inline constexpr std::array<const char*, n_bands_of_sentinel2> sentinel2_bands = {
    "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "B12", "B8A"};

using Spectrum =
    std::array<double, n_bands_of_sentinel2>;  ///< digital numbers: reflectance * 10000

/// The first ten are the classes of Dynamic World in their order; the rest are parts of scenes.
enum Material : std::size_t {
  water,
  trees,
  grass,
  flooded,
  crops,
  shrub,
  built,
  bare,
  snow,
  cloud,
  roof,
  asphalt,
  n_materials
};
inline constexpr std::size_t n_land_covers = 10;
inline constexpr std::array<const char*, n_land_covers> land_cover_names = {
    "water",           "trees", "grass", "flooded vegetation", "crops",
    "shrub and scrub", "built", "bare",  "snow and ice",       "cloud"};

/// Typical top-of-atmosphere signatures, B1 .. B12, B8A: red edge of vegetation, dark infrared of
/// water, bright short-wave infrared of soil.
inline constexpr std::array<Spectrum, n_materials> signatures = {{
    {1250, 950, 720, 420, 380, 330, 320, 280, 110, 9, 120, 80, 260},
    {1150, 840, 660, 410, 680, 1950, 2500, 2450, 620, 9, 1250, 500, 2850},
    {1220, 960, 920, 700, 1150, 2350, 2850, 2800, 850, 10, 1950, 1000, 3150},
    {1200, 930, 800, 580, 850, 1500, 1750, 1700, 560, 9, 980, 500, 1850},
    {1260, 1000, 950, 760, 1250, 2650, 3250, 3200, 900, 11, 1900, 950, 3500},
    {1280, 1050, 960, 900, 1280, 1900, 2200, 2150, 700, 11, 2150, 1250, 2450},
    {1500, 1330, 1280, 1300, 1500, 1950, 2150, 2100, 740, 14, 2050, 1650, 2350},
    {1480, 1320, 1380, 1600, 1850, 2150, 2350, 2300, 800, 14, 2950, 2350, 2550},
    {6500, 6300, 6100, 6200, 6200, 6200, 6100, 6100, 2500, 60, 1100, 900, 6000},
    {4500, 4300, 4100, 4200, 4300, 4500, 4500, 4500, 1800, 250, 3300, 2400, 4500},
    {1900, 1820, 1850, 1950, 2100, 2350, 2500, 2500, 850, 18, 2600, 2400, 2600},
    {1380, 1170, 1080, 1080, 1180, 1350, 1450, 1480, 560, 12, 1520, 1280, 1550},
}};

enum class Pattern { waves, stripes, blocks, ribbon };

/// A kind of scene: where `pattern` is high there is `second`, elsewhere `first`.
struct SceneClass {
  const char* name;
  Material first, second;
  Material other_season;  ///< takes the place of `first` in a part of the scenes
  Pattern pattern;
  double scale;           ///< of the pattern [pixels]
  std::size_t resembles;  ///< class towards whose materials the hard scenes are shifted
};

inline constexpr std::size_t n_scene_classes = 10;
inline constexpr std::array<SceneClass, n_scene_classes> scene_classes = {{
    {"AnnualCrop", crops, bare, bare, Pattern::blocks, 11, 6},
    {"Forest", trees, shrub, shrub, Pattern::waves, 5, 2},
    {"HerbaceousVegetation", shrub, grass, grass, Pattern::waves, 8, 5},
    {"Highway", grass, asphalt, crops, Pattern::ribbon, 3, 8},
    {"Industrial", asphalt, roof, built, Pattern::blocks, 6, 7},
    {"Pasture", grass, shrub, shrub, Pattern::waves, 14, 2},
    {"PermanentCrop", crops, bare, shrub, Pattern::stripes, 5, 0},
    {"Residential", built, trees, roof, Pattern::blocks, 3, 4},
    {"River", grass, water, trees, Pattern::ribbon, 8, 3},
    {"SeaLake", water, flooded, flooded, Pattern::waves, 16, 8},
}};

}  // namespace al_mpi
