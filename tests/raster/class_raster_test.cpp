#include "tools/raster/class_raster.hpp"

#include <filesystem>

#include "catch.hpp"
#include "raster/geotiff.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

const ClassLegend legend = {
    {"no data", "water", "trees"}, {{0, 0, 0}, {0, 0, 255}, {0, 255, 0}}, 0};

Georeference place() {
  Georeference georeference;
  georeference.transform = {600000, 10, 0, 5000000, 0, -10};
  return georeference;
}

}  // namespace

TEST_CASE("a class raster is written in blocks and read as it was, with place and no-data value") {
  const ScratchFolder folder;
  const auto path = folder.file("map.tif");
  {
    ClassRaster map(path, 3, 4, place(), legend);
    const std::vector<std::uint8_t> top = {1, 1, 2, 2}, rest = {0, 1, 2, 0, 2, 2, 1, 1};
    map.write({0, 0, 4, 1}, top.data());
    map.write({0, 1, 4, 2}, rest.data());
    CHECK_FALSE(std::filesystem::exists(path));  // not before it is whole
    map.commit();
  }
  const Raster raster(path);
  CHECK(raster.channels == 1);
  CHECK(raster.pixel_type == PixelType::uint8);
  CHECK(raster.place.transform == place().transform);
  CHECK(raster.bands[0].no_data == 0.0);
  std::vector<std::uint8_t> values(12);
  raster.read(values.data());
  CHECK(values == std::vector<std::uint8_t>{1, 1, 2, 2, 0, 1, 2, 0, 2, 2, 1, 1});
  CHECK(folder.n_entries() == 1);
}

TEST_CASE("a class raster that is not finished leaves nothing behind") {
  const ScratchFolder folder;
  { ClassRaster map(folder.file("map.tif"), 3, 4, {}, legend); }
  CHECK(folder.n_entries() == 0);
}

TEST_CASE("its picture shows the classes in their colours, enlarged by a whole number") {
  const ScratchFolder folder;
  ClassRaster map(folder.file("map.tif"), 2, 3, {}, legend);
  const std::vector<std::uint8_t> values = {1, 2, 0, 2, 1, 1};
  map.write({0, 0, 3, 2}, values.data());
  map.write_picture(folder.file("map.png"));
  const Raster picture(folder.file("map.png"));
  CHECK(picture.width == 3 * 341);
  CHECK(picture.height == 2 * 341);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(picture.width * picture.height));
  picture.read(pixels.data());
  CHECK(pixels[0] == 1);
  CHECK(pixels[341] == 2);
  CHECK(pixels.back() == 1);
  GDALDatasetH file = GDALOpen(folder.file("map.png").c_str(), GA_ReadOnly);
  const auto* blue = GDALGetColorEntry(GDALGetRasterColorTable(GDALGetRasterBand(file, 1)), 1);
  CHECK(blue->c3 == 255);
  CHECK(blue->c1 == 0);
  GDALClose(file);
}

TEST_CASE("a map of cells has their size and the scene's corner") {
  const Georeference coarse = place().coarser(64);
  CHECK(coarse.transform == std::array<double, 6>{600000, 640, 0, 5000000, 0, -640});
}

TEST_CASE("a class raster in a folder that is not there is refused") {
  CHECK_THROWS_WITH(ClassRaster("/nonexistent/map.tif", 2, 2, {}, legend),
                    Contains("/nonexistent"));
}
