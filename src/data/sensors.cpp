#include <al_mpi/data/sensors.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

namespace al_mpi {
namespace {

std::vector<Sensor> make_sensors() {
  return {
      {"optical",
       "common names",
       {{"coastal", 443, "coastal", {"coastalaerosol", "aerosol", "ultrablue", "coastalblue"}},
        {"blue", 490, "blue", {"bluereflectance"}},
        {"green", 560, "green", {"greenreflectance"}},
        {"yellow", 610, "yellow", {}},
        {"red", 665, "red", {"redreflectance"}},
        {"rededge1",
         705,
         "rededge071",
         {"rededge", "rededge71", "re1", "vre1", "vegetationrededge1"}},
        {"rededge2", 740, "rededge075", {"rededge75", "re2", "vre2", "vegetationrededge2"}},
        {"rededge3", 783, "rededge078", {"rededge78", "re3", "vre3", "vegetationrededge3"}},
        {"nir", 842, "nir", {"nearinfrared", "nir1", "infrared"}},
        {"nir08", 865, "nir08", {"narrownir", "nirnarrow", "nir2", "nira", "rededge4", "re4"}},
        {"nir09", 945, "nir09", {"watervapour", "watervapor"}},
        {"cirrus", 1375, "cirrus", {}},
        {"swir16", 1610, "swir16", {"swir1", "shortwaveinfrared1"}},
        {"swir22", 2190, "swir22", {"swir2", "shortwaveinfrared2"}},
        {"pan", 0, "pan", {"panchromatic"}}}},
      {"sentinel-2",
       "Sentinel-2",
       {{"B1", 443, "coastal", {}},
        {"B2", 490, "blue", {}},
        {"B3", 560, "green", {}},
        {"B4", 665, "red", {}},
        {"B5", 705, "rededge071", {}},
        {"B6", 740, "rededge075", {}},
        {"B7", 783, "rededge078", {}},
        {"B8", 842, "nir", {}},
        {"B8A", 865, "nir08", {}},
        {"B9", 945, "nir09", {}},
        {"B10", 1375, "cirrus", {}},
        {"B11", 1610, "swir16", {}},
        {"B12", 2190, "swir22", {}},
        {"SCL", 0, "", {"sceneclassification"}},
        {"AOT", 0, "", {}},
        {"WVP", 0, "", {}},
        {"QA10", 0, "", {}},
        {"QA20", 0, "", {}},
        {"QA60", 0, "", {}},
        {"MSK_CLDPRB", 0, "", {}},
        {"MSK_SNWPRB", 0, "", {}},
        {"probability", 0, "", {"cloudprobability"}}}},
      {"landsat-8",
       "Landsat 8 and 9",
       {{"B1", 443, "coastal", {"srb1", "srband1"}},
        {"B2", 482, "blue", {"srb2", "srband2"}},
        {"B3", 561, "green", {"srb3", "srband3"}},
        {"B4", 655, "red", {"srb4", "srband4"}},
        {"B5", 865, "nir08", {"srb5", "srband5"}},
        {"B6", 1609, "swir16", {"srb6", "srband6"}},
        {"B7", 2201, "swir22", {"srb7", "srband7"}},
        {"B8", 590, "pan", {}},
        {"B9", 1373, "cirrus", {}},
        {"B10", 10895, "lwir11", {"stb10"}},
        {"B11", 12005, "lwir12", {}},
        {"QA_PIXEL", 0, "", {"qapixel"}}}},
      {"landsat-7",
       "Landsat 4, 5 and 7",
       {{"B1", 485, "blue", {"srb1", "srband1"}},
        {"B2", 560, "green", {"srb2", "srband2"}},
        {"B3", 660, "red", {"srb3", "srband3"}},
        {"B4", 835, "nir", {"srb4", "srband4"}},
        {"B5", 1650, "swir16", {"srb5", "srband5"}},
        {"B6", 11450, "lwir", {"stb6"}},
        {"B7", 2215, "swir22", {"srb7", "srband7"}},
        {"QA_PIXEL", 0, "", {"qapixel"}}}},
      {"planetscope",
       "PlanetScope (SuperDove)",
       {{"coastal_blue", 443, "coastal", {"coastalblue"}},
        {"blue", 490, "blue", {}},
        {"green_i", 531, "", {"greeni", "green1"}},
        {"green", 565, "green", {"greenii"}},
        {"yellow", 610, "yellow", {}},
        {"red", 665, "red", {}},
        {"rededge", 705, "rededge071", {}},
        {"nir", 865, "nir", {}}}},
      {"naip",
       "NAIP",
       {{"R", 620, "red", {"red"}},
        {"G", 540, "green", {"green"}},
        {"B", 460, "blue", {"blue"}},
        {"N", 850, "nir", {"nir", "ir", "nearinfrared"}}}},
      {"modis",
       "MODIS surface reflectance",
       {{"sur_refl_b01", 645, "red", {}},
        {"sur_refl_b02", 859, "nir", {}},
        {"sur_refl_b03", 469, "blue", {}},
        {"sur_refl_b04", 555, "green", {}},
        {"sur_refl_b05", 1240, "", {}},
        {"sur_refl_b06", 1640, "swir16", {}},
        {"sur_refl_b07", 2130, "swir22", {}}}},
      {"sentinel-1",
       "Sentinel-1",
       {{"VV", 0, "", {"sigma0vv", "gamma0vv", "vvdb", "sigma0vvdb", "gamma0vvdb"}},
        {"VH", 0, "", {"sigma0vh", "gamma0vh", "vhdb", "sigma0vhdb", "gamma0vhdb"}},
        {"HH", 0, "", {"sigma0hh", "gamma0hh", "hhdb"}},
        {"HV", 0, "", {"sigma0hv", "gamma0hv", "hvdb"}},
        {"angle", 0, "", {"incidenceangle", "localincidenceangle"}}}},
  };
}

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// Parts between characters that are neither letters nor digits: "0_B4" -> "0", "B4".
std::vector<std::string> tokens_of(const std::string& name) {
  std::vector<std::string> tokens(1);
  for (const char c : name.substr(0, name.find(','))) {
    if (is_letter(c) || is_digit(c)) {
      tokens.back() += c;
    } else if (!tokens.back().empty()) {
      tokens.emplace_back();
    }
  }
  if (tokens.back().empty()) tokens.pop_back();
  return tokens;
}

const SensorBand* find_plain(const Sensor& sensor, const std::string& plain) {
  for (const SensorBand& band : sensor.bands) {
    if (plain == plain_band_name(band.name) ||
        std::find(band.aliases.begin(), band.aliases.end(), plain) != band.aliases.end()) {
      return &band;
    }
  }
  return nullptr;
}

const SensorBand* find_anywhere(const std::string& name, const Sensor* sensor) {
  if (sensor != nullptr) {
    if (const SensorBand* band = sensor->find(name)) return band;
  }
  if (plain_band_name(name).size() == 1) return nullptr;
  for (const Sensor& other : sensors()) {
    if (const SensorBand* band = other.find(name)) return band;
  }
  return nullptr;
}

/// How well a sensor knows the names: 2 for each whole name, 1 for a part of one. A single letter
/// says something only where all names are known ("R", "G", "B").
std::size_t knowledge(const std::vector<std::string>& names, const Sensor& sensor) {
  std::size_t sum = 0, n_letters = 0, n_unknown = 0;
  for (const std::string& name : names) {
    const std::string plain = plain_band_name(name);
    if (find_plain(sensor, plain) != nullptr) {
      sum += 2;
      n_letters += plain.size() == 1;
    } else if (sensor.find(name) != nullptr) {
      sum += 1;
    } else {
      ++n_unknown;
    }
  }
  return n_unknown == 0 ? sum : sum - 2 * n_letters;
}

}  // namespace

const std::vector<Sensor>& sensors() {
  static const std::vector<Sensor> table = make_sensors();
  return table;
}

const Sensor* find_sensor(const std::string& name) {
  for (const Sensor& sensor : sensors()) {
    if (sensor.name == name) return &sensor;
  }
  return nullptr;
}

std::string plain_band_name(const std::string& name) {
  std::string plain;
  for (const char c : name.substr(0, name.find(','))) {
    if (!is_letter(c) && !is_digit(c)) continue;
    const bool leading_zero = plain.size() >= 2 && plain.back() == '0' && is_digit(c) &&
                              is_letter(plain[plain.size() - 2]);
    if (leading_zero) plain.pop_back();
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

const SensorBand* Sensor::find(const std::string& band) const {
  if (const SensorBand* found = find_plain(*this, plain_band_name(band))) return found;
  // What a product or a time series puts around the name: "T33UUP_20200601_B04_10m", "0_B4".
  const auto tokens = tokens_of(band);
  if (tokens.size() < 2) return nullptr;
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
    const std::string plain = plain_band_name(*token);
    if (plain.size() < 2) continue;
    if (const SensorBand* found = find_plain(*this, plain)) return found;
  }
  return nullptr;
}

RecognizedBands recognize_bands(const std::vector<std::string>& names, const Sensor& sensor) {
  RecognizedBands result;
  result.sensor = &sensor;
  for (const std::string& name : names) {
    const SensorBand* band = sensor.find(name);
    result.names.push_back(band == nullptr ? name : band->name);
  }
  auto sorted = result.names;
  std::sort(sorted.begin(), sorted.end());
  // Two names of one band ("B4" of two dates): they stay as they are.
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) result.names = names;
  return result;
}

RecognizedBands recognize_bands(const std::vector<std::string>& names) {
  const Sensor* best = nullptr;
  std::size_t n_best = 0;
  for (const Sensor& sensor : sensors()) {
    const std::size_t n = knowledge(names, sensor);
    if (n > n_best) best = &sensor, n_best = n;
  }
  if (best == nullptr) return {nullptr, names, {}};
  RecognizedBands result = recognize_bands(names, *best);
  for (const Sensor& sensor : sensors()) {
    if (&sensor != best && best != &sensors()[0] && knowledge(names, sensor) == n_best) {
      result.also_fits.push_back(sensor.name);
    }
  }
  return result;
}

std::string band_color(const std::string& name, const Sensor* sensor) {
  const SensorBand* band = find_anywhere(name, sensor);
  return band == nullptr ? "" : band->color;
}

double band_wavelength(const std::string& name, const Sensor* sensor) {
  const SensorBand* band = find_anywhere(name, sensor);
  return band == nullptr ? 0 : band->wavelength;
}

bool same_band(const std::string& a, const Sensor* of_a, const std::string& b, const Sensor* of_b) {
  if (of_a == of_b || of_a == nullptr || of_b == nullptr) {
    if (plain_band_name(a) == plain_band_name(b)) return true;
  }
  const SensorBand *first = find_anywhere(a, of_a), *second = find_anywhere(b, of_b);
  if (first == nullptr || second == nullptr) return plain_band_name(a) == plain_band_name(b);
  if (first == second) return true;
  return !first->color.empty() && first->color == second->color;
}

std::string name_by_wavelength(double wavelength) {
  for (const SensorBand& band : find_sensor("sentinel-2")->bands) {
    if (band.wavelength > 0 && std::abs(band.wavelength - wavelength) <= 6) return band.name;
  }
  return fmt::format("{:.0f} nm", wavelength);
}

}  // namespace al_mpi
