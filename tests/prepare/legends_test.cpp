#include "tools/prepare/labels/legends.hpp"

#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

TEST_CASE("every legend has a name of its own, and names its classes") {
  for (const LabelLegend& legend : legends()) {
    INFO(legend.name);
    CHECK(find_legend(legend.name) == &legend);
    CHECK(mapping_of(legend).classes.size() >= 10);
    CHECK(mapping_of(legend).classes[0] == "no data");
  }
  CHECK(find_legend("nothing") == nullptr);
}

TEST_CASE("Earth Engine's numbers become the classes of the Zenodo set") {
  const auto zenodo = mapping_of(*find_legend("dynamic-world"));
  const auto engine = mapping_of(*find_legend("earth-engine"));
  for (std::int64_t value = 0; value <= 8; ++value) {
    CHECK(engine.classes[engine.index.at(value)] == zenodo.classes[zenodo.index.at(value + 1)]);
  }
}

TEST_CASE("legends are told apart by the values that occur") {
  CHECK(fitting_legends({{10, 5}, {95, 1}}, "") == "worldcover");
  CHECK(fitting_legends({{1, 5}, {11, 1}}, "dynamic-world") == "esri, corine-grid, igbp");
  CHECK(fitting_legends({{77, 1}}, "").empty());
  CHECK(shares_of({{0, 3}, {7, 1}}) == "0 (75.0 %), 7 (25.0 %)");
}

TEST_CASE("a legend of one's own gives values names") {
  const auto mapping = mapping_of(parse_legend({"3=field", "7=wood", "200=no data", "9=field"}));
  CHECK(mapping.classes == std::vector<std::string>{"no data", "field", "wood"});
  CHECK(mapping.index.at(9) == 1);
  CHECK(mapping.index.at(200) == 0);
  CHECK_THROWS_WITH(parse_legend({"water"}), Contains("VALUE=NAME"));
  CHECK_THROWS_WITH(parse_legend({"1=a", "1=b"}), Contains("given twice"));
  CHECK_THROWS_WITH(gives_values({"1=a", "b"}), Contains("all of the form"));
}
