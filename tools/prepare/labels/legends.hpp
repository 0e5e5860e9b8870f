#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace al_mpi {

/// What the values of a label raster or label array mean.
struct LabelLegend {
  std::string name;                           ///< "earth-engine", as --label-values takes it
  std::string title;                          ///< "Dynamic World as Earth Engine exports it"
  std::map<std::int64_t, std::string> names;  ///< value -> class; "" = no data
};

/// THE table of legends. The first is what al_prepare dynamic-world reads unless told otherwise.
const std::vector<LabelLegend>& legends();

/// The legend of this name; nullptr where there is none.
const LabelLegend* find_legend(const std::string& name);

/// A legend from "1=water", "2=trees", ... (a name "no data" or "ignore" = no class). Throws
/// ConfigError.
LabelLegend parse_legend(const std::vector<std::string>& items);

/// Whether items are of the form VALUE=NAME, all of them. Throws ConfigError where only some are.
bool gives_values(const std::vector<std::string>& items);

/// How often each value occurs.
using ValueCounts = std::map<std::int64_t, std::int64_t>;

/// "0 (31.0 %), 2 (4.5 %), ...": the ten most frequent.
std::string shares_of(const ValueCounts& counts);

/// The other legends that name every value in `counts`, as "esri, worldcover"; empty = none.
std::string fitting_legends(const ValueCounts& counts, const std::string& but);

/// The classes that `legend` makes: 0 is "no data", then one class for each name in the order of
/// its values.
struct ClassMapping {
  std::vector<std::string> classes;
  std::map<std::int64_t, std::uint8_t> index;  ///< value -> class
};
ClassMapping mapping_of(const LabelLegend& legend);

}  // namespace al_mpi
