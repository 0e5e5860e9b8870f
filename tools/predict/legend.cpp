#include <map>

#include "tools/predict/scene.hpp"
#include <al_mpi/base/names.hpp>

namespace al_mpi {
namespace {

using Color = std::array<std::uint8_t, 3>;

/// normalized_name() of a class -> the colour in which Google shows it in its data set
/// GOOGLE/DYNAMICWORLD/V1.
const std::map<std::string, Color> dynamic_world_colors = {
    {"nodata", {0x00, 0x00, 0x00}},
    {"water", {0x41, 0x9B, 0xDF}},
    {"trees", {0x39, 0x7D, 0x49}},
    {"grass", {0x88, 0xB0, 0x53}},
    {"floodedvegetation", {0x7A, 0x87, 0xC6}},
    {"crops", {0xE4, 0x96, 0x35}},
    {"shrubandscrub", {0xDF, 0xC3, 0x5A}},
    {"built", {0xC4, 0x28, 0x1B}},
    {"bare", {0xA5, 0x9B, 0x8F}},
    {"snowandice", {0xB3, 0x9F, 0xE1}},
    {"cloud", {0xFF, 0xFF, 0xFF}}};

/// Okabe and Ito's colours, then lighter ones.
constexpr Color distinct_colors[] = {{0xE6, 0x9F, 0x00}, {0x00, 0x9E, 0x73}, {0xF0, 0xE4, 0x42},
                                     {0x99, 0x99, 0x99}, {0xCC, 0x79, 0xA7}, {0x9A, 0xD8, 0xA0},
                                     {0x8C, 0x56, 0x4B}, {0xD5, 0x5E, 0x00}, {0x56, 0xB4, 0xE9},
                                     {0x00, 0x72, 0xB2}, {0xFF, 0xBB, 0x99}, {0xFF, 0xFF, 0xFF}};

}  // namespace

ClassLegend legend_of(const TrainedNetwork& network) {
  ClassLegend legend;
  legend.names = network.classes;
  if (network.ignore_label >= 0) legend.no_data = static_cast<std::uint8_t>(network.ignore_label);
  for (std::size_t k = 0; k < network.classes.size(); ++k) {
    const auto known = dynamic_world_colors.find(normalized_name(network.classes[k]));
    legend.colors.push_back(known != dynamic_world_colors.end()
                                ? known->second
                                : distinct_colors[k % std::size(distinct_colors)]);
  }
  return legend;
}

}  // namespace al_mpi
