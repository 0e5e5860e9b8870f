#include "tools/prepare/labels/legends.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/number.hpp>

namespace al_mpi {
namespace {

const std::string no_data;  // a name that is no class

/// Names of consecutive values from `first` on.
std::map<std::int64_t, std::string> numbered(std::int64_t first,
                                             const std::vector<std::string>& all) {
  std::map<std::int64_t, std::string> names;
  for (std::size_t i = 0; i < all.size(); ++i) names[first + static_cast<std::int64_t>(i)] = all[i];
  return names;
}

std::vector<LabelLegend> make_legends() {
  const std::vector<std::string> dynamic_world = {
      "water",           "trees", "grass", "flooded vegetation", "crops",
      "shrub and scrub", "built", "bare",  "snow and ice",       "cloud"};
  std::vector<LabelLegend> all;
  auto zenodo = numbered(1, dynamic_world);
  zenodo[0] = no_data;
  all.push_back({"dynamic-world", "Dynamic World's classes from 1 on, 0 = no data", zenodo});
  auto exported = numbered(0, {dynamic_world.begin(), dynamic_world.end() - 1});
  exported[255] = no_data;
  all.push_back({"earth-engine",
                 "Dynamic World as Earth Engine exports it, 0 = water .. 8 = snow and ice",
                 exported});
  all.push_back({"esri",
                 "Esri's land cover, 1 = water .. 11 = rangeland",
                 {{0, no_data},
                  {1, "water"},
                  {2, "trees"},
                  {4, "flooded vegetation"},
                  {5, "crops"},
                  {7, "built"},
                  {8, "bare"},
                  {9, "snow and ice"},
                  {10, "cloud"},
                  {11, "rangeland"}}});
  all.push_back({"worldcover",
                 "ESA WorldCover, 10 = trees .. 100 = moss",
                 {{0, no_data},
                  {10, "trees"},
                  {20, "shrubland"},
                  {30, "grassland"},
                  {40, "cropland"},
                  {50, "built"},
                  {60, "bare"},
                  {70, "snow and ice"},
                  {80, "water"},
                  {90, "wetland"},
                  {95, "mangroves"},
                  {100, "moss and lichen"}}});
  const std::vector<std::pair<int, const char*>> corine = {
      {111, "continuous urban fabric"},
      {112, "discontinuous urban fabric"},
      {121, "industrial or commercial units"},
      {122, "road and rail networks"},
      {123, "port areas"},
      {124, "airports"},
      {131, "mineral extraction sites"},
      {132, "dump sites"},
      {133, "construction sites"},
      {141, "green urban areas"},
      {142, "sport and leisure"},
      {211, "non-irrigated arable land"},
      {212, "permanently irrigated land"},
      {213, "rice fields"},
      {221, "vineyards"},
      {222, "fruit trees and berries"},
      {223, "olive groves"},
      {231, "pastures"},
      {241, "annual with permanent crops"},
      {242, "complex cultivation patterns"},
      {243, "agriculture with natural vegetation"},
      {244, "agro-forestry"},
      {311, "broad-leaved forest"},
      {312, "coniferous forest"},
      {313, "mixed forest"},
      {321, "natural grasslands"},
      {322, "moors and heathland"},
      {323, "sclerophyllous vegetation"},
      {324, "transitional woodland-shrub"},
      {331, "beaches, dunes, sands"},
      {332, "bare rocks"},
      {333, "sparsely vegetated areas"},
      {334, "burnt areas"},
      {335, "glaciers and snow"},
      {411, "inland marshes"},
      {412, "peat bogs"},
      {421, "salt marshes"},
      {422, "salines"},
      {423, "intertidal flats"},
      {511, "water courses"},
      {512, "water bodies"},
      {521, "coastal lagoons"},
      {522, "estuaries"},
      {523, "sea and ocean"}};
  LabelLegend codes{
      "corine", "Corine land cover, codes 111 .. 523", {{0, no_data}, {999, no_data}}};
  LabelLegend grid{"corine-grid",
                   "Corine land cover, grid codes 1 .. 44",
                   {{0, no_data}, {48, no_data}, {255, no_data}, {-128, no_data}}};
  for (std::size_t i = 0; i < corine.size(); ++i) {
    codes.names[corine[i].first] = corine[i].second;
    grid.names[static_cast<std::int64_t>(i) + 1] = corine[i].second;
  }
  all.push_back(codes);
  all.push_back(grid);
  all.push_back({"nlcd",
                 "NLCD (United States), 11 = open water .. 95 = wetlands",
                 {{0, no_data},
                  {250, no_data},
                  {11, "open water"},
                  {12, "perennial ice and snow"},
                  {21, "developed, open space"},
                  {22, "developed, low intensity"},
                  {23, "developed, medium intensity"},
                  {24, "developed, high intensity"},
                  {31, "barren land"},
                  {41, "deciduous forest"},
                  {42, "evergreen forest"},
                  {43, "mixed forest"},
                  {51, "dwarf scrub"},
                  {52, "shrub and scrub"},
                  {71, "grassland"},
                  {72, "sedge"},
                  {73, "lichens"},
                  {74, "moss"},
                  {81, "pasture and hay"},
                  {82, "cultivated crops"},
                  {90, "woody wetlands"},
                  {95, "herbaceous wetlands"}}});
  all.push_back(
      {"igbp", "MODIS land cover (IGBP), 1 .. 17",
       numbered(1, {"evergreen needleleaf forest", "evergreen broadleaf forest",
                    "deciduous needleleaf forest", "deciduous broadleaf forest", "mixed forest",
                    "closed shrublands", "open shrublands", "woody savannas", "savannas",
                    "grasslands", "permanent wetlands", "croplands", "urban and built-up",
                    "cropland mosaics", "snow and ice", "barren", "water bodies"})});
  return all;
}

/// Whether a name stands for pixels without a class: "no data", "ignore".
bool means_no_data(const std::string& name) {
  return name == "no data" || name == "nodata" || name == "ignore" || name == "unlabeled" ||
         name == "unlabelled";
}

}  // namespace

const std::vector<LabelLegend>& legends() {
  static const std::vector<LabelLegend> table = make_legends();
  return table;
}

const LabelLegend* find_legend(const std::string& name) {
  for (const LabelLegend& legend : legends()) {
    if (legend.name == name) return &legend;
  }
  return nullptr;
}

bool gives_values(const std::vector<std::string>& items) {
  const auto n = std::count_if(items.begin(), items.end(), [](const std::string& item) {
    return item.find('=') != std::string::npos;
  });
  if (n != 0 && n != static_cast<std::ptrdiff_t>(items.size())) {
    throw ConfigError("--classes", "either all of the form VALUE=NAME, or none");
  }
  return n != 0;
}

LabelLegend parse_legend(const std::vector<std::string>& items) {
  LabelLegend legend{"--classes", "--classes", {}};
  for (const std::string& item : items) {
    const std::size_t equals = item.find('=');
    std::int64_t value = 0;
    if (!parse_number(item.substr(0, equals), value) || equals == std::string::npos ||
        equals + 1 == item.size())
      throw ConfigError("--classes", fmt::format("'{}' is not of the form VALUE=NAME", item));
    const std::string name = item.substr(equals + 1);
    if (!legend.names.emplace(value, means_no_data(name) ? no_data : name).second) {
      throw ConfigError("--classes", fmt::format("value {} is given twice", value));
    }
  }
  if (mapping_of(legend).classes.size() > 256)
    throw ConfigError("--classes", "more than 255 classes");
  return legend;
}

std::string shares_of(const ValueCounts& counts) {
  std::int64_t all = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> order(counts.begin(), counts.end());
  for (const auto& [value, n] : order) all += n;
  const std::size_t n_values = order.size();
  if (n_values > 12) {
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    order.resize(12);
    std::sort(order.begin(), order.end());
  }
  std::vector<std::string> texts;
  for (const auto& [value, n] : order) {
    texts.push_back(fmt::format("{} ({:.1f} %)", value,
                                100.0 * static_cast<double>(n) / static_cast<double>(all)));
  }
  return fmt::format("{}{}", fmt::join(texts, ", "),
                     n_values > 12 ? fmt::format(" and {} more values", n_values - 12) : "");
}

std::string fitting_legends(const ValueCounts& counts, const std::string& but) {
  std::vector<std::string> fitting;
  for (const LabelLegend& legend : legends()) {
    const bool fits = std::all_of(counts.begin(), counts.end(), [&](const auto& item) {
      return legend.names.count(item.first) > 0;
    });
    if (fits && legend.name != but) fitting.push_back(legend.name);
  }
  return fmt::format("{}", fmt::join(fitting, ", "));
}

ClassMapping mapping_of(const LabelLegend& legend) {
  ClassMapping mapping;
  mapping.classes = {"no data"};
  for (const auto& [value, name] : legend.names) {
    if (name.empty()) {
      mapping.index[value] = 0;
      continue;
    }
    const auto known = std::find(mapping.classes.begin(), mapping.classes.end(), name);
    mapping.index[value] = static_cast<std::uint8_t>(known - mapping.classes.begin());
    if (known == mapping.classes.end()) mapping.classes.push_back(name);
  }
  return mapping;
}

}  // namespace al_mpi
