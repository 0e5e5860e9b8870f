#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// One band of a sensor.
struct SensorBand {
  std::string name;                  ///< as dataset files write it: "B8A"
  double wavelength = 0;             ///< centre [nm]; 0 where it has none
  std::string color;                 ///< common name (STAC): "red", "nir08"; empty = none
  std::vector<std::string> aliases;  ///< other names, as plain_band_name() writes them
};

struct Sensor {
  std::string name;   ///< "sentinel-2", as --sensor takes it
  std::string title;  ///< "Sentinel-2"
  std::vector<SensorBand> bands;

  /// The band of this name or alias; nullptr where there is none.
  const SensorBand* find(const std::string& band) const;
};

/// THE table of sensors. The first one, "optical", holds the common names that belong to no sensor.
const std::vector<Sensor>& sensors();

/// The sensor of this name; nullptr where there is none.
const Sensor* find_sensor(const std::string& name);

/// The name without what writers add: lower case, letters and digits only, no leading zeros, the
/// part before a comma. "B04, central wavelength 665 nm" is "b4".
std::string plain_band_name(const std::string& name);

/// What names mean together.
struct RecognizedBands {
  const Sensor* sensor = nullptr;      ///< that knows most of the names; nullptr = none does
  std::vector<std::string> names;      ///< as the sensor's table writes them, others unchanged
  std::vector<std::string> also_fits;  ///< other sensors that know as many of them
};
RecognizedBands recognize_bands(const std::vector<std::string>& names);
/// The same for a given sensor.
RecognizedBands recognize_bands(const std::vector<std::string>& names, const Sensor& sensor);

/// Common name of a band ("red") where `sensor` (or, where it is nullptr, any) knows it; else
/// empty.
std::string band_color(const std::string& name, const Sensor* sensor);
/// Its wavelength [nm]; 0 where it is not known.
double band_wavelength(const std::string& name, const Sensor* sensor);

/// Whether two names mean one band: the same plain name, or the same common name.
bool same_band(const std::string& a, const Sensor* of_a, const std::string& b, const Sensor* of_b);

/// The name of a band by its wavelength [nm] where a band of Sentinel-2 lies within 6 nm, else
/// "665 nm".
std::string name_by_wavelength(double wavelength);

}  // namespace al_mpi
