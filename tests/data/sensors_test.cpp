#include <set>

#include "catch.hpp"
#include <al_mpi/data/sensors.hpp>

using namespace al_mpi;

namespace {

using Names = std::vector<std::string>;

std::string sensor_of(const Names& names) {
  const Sensor* sensor = recognize_bands(names).sensor;
  return sensor == nullptr ? "" : sensor->name;
}

}  // namespace

TEST_CASE("no sensor has two bands of one name, and every alias is plain") {
  for (const Sensor& sensor : sensors()) {
    std::set<std::string> seen;
    for (const SensorBand& band : sensor.bands) {
      INFO(sensor.name << " " << band.name);
      CHECK(seen.insert(plain_band_name(band.name)).second);
      for (const std::string& alias : band.aliases) {
        CHECK(plain_band_name(alias) == alias);
        CHECK((alias == plain_band_name(band.name) || seen.insert(alias).second));
      }
    }
  }
}

TEST_CASE("names are read without what writers add to them") {
  CHECK(plain_band_name("B04") == "b4");
  CHECK(plain_band_name("B8A") == "b8a");
  CHECK(plain_band_name("B10") == "b10");
  CHECK(plain_band_name("Red Edge 1") == "rededge1");
  CHECK(plain_band_name("B4, central wavelength 665 nm") == "b4");
  CHECK(recognize_bands({"T33UUP_20200601_B04_10m", "0_B8A"}).names == Names{"B4", "B8A"});
}

TEST_CASE("a sensor is known by all of its names together") {
  CHECK(sensor_of({"B1", "B8A", "B12"}) == "sentinel-2");
  CHECK(sensor_of({"SR_B2", "SR_B3", "SR_B4"}) == "landsat-8");
  CHECK(sensor_of({"red", "green", "nir"}) == "optical");
  CHECK(sensor_of({"sur_refl_b01"}) == "modis");
  CHECK(sensor_of({"VV", "VH"}) == "sentinel-1");
  CHECK(sensor_of({"elevation"}).empty());
  CHECK(recognize_bands({"B2", "B3"}).also_fits == Names{"landsat-8", "landsat-7"});
  CHECK(recognize_bands({"B8A", "B12"}).also_fits.empty());
  CHECK(sensor_of({"R", "G", "B"}) == "naip");
  CHECK(sensor_of({"a", "b", "c"}).empty());
  CHECK(recognize_bands({"0_B4", "1_B4"}).names == Names{"0_B4", "1_B4"});  // of two dates
}

TEST_CASE("one band has many names, one name may be of other bands elsewhere") {
  const Sensor *s2 = find_sensor("sentinel-2"), *tm = find_sensor("landsat-7");
  CHECK(same_band("B4", s2, "red", nullptr));
  CHECK(same_band("B04", s2, "B4", s2));
  CHECK_FALSE(same_band("B4", s2, "B4", tm));
  CHECK(same_band("B4", s2, "B3", tm));
  CHECK(band_color("B3", tm) == "red");
  CHECK(band_wavelength("B8A", s2) == 865);
  CHECK(band_wavelength("VV", nullptr) == 0);
  CHECK(name_by_wavelength(663) == "B4");
  CHECK(name_by_wavelength(1200) == "1200 nm");
}
