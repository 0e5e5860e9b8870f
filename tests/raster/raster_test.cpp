#include "tools/raster/raster.hpp"

#include <fstream>

#include "catch.hpp"
#include "raster/geotiff.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

TEST_CASE("a GeoTIFF is read band by band, whole or in a window") {
  const ScratchFolder folder;
  const auto path = folder.file("a.tif");
  write_geotiff(path, {2, 3, 4, GDT_UInt16, {}, 600000.0});
  const Raster raster(path);
  CHECK(raster.channels == 2);
  CHECK(raster.height == 3);
  CHECK(raster.width == 4);
  CHECK(raster.pixel_type == PixelType::uint16);
  CHECK(raster.place.transform[0] == 600000.0);
  std::vector<std::uint16_t> all(24), part(4);
  raster.read(all.data());
  CHECK(all[5] == 5);
  CHECK(all[12 + 11] == 111);
  raster.read({1, 2, 2, 1}, part.data());
  CHECK(part == std::vector<std::uint16_t>{9, 10, 109, 110});
}

TEST_CASE("bytes stay bytes, other types become float32") {
  const ScratchFolder folder;
  write_geotiff(folder.file("byte.tif"), {3, 4, 4, GDT_Byte, {}, 0});
  write_geotiff(folder.file("short.tif"), {1, 4, 4, GDT_Int16, {}, 0});
  CHECK(Raster(folder.file("byte.tif")).pixel_type == PixelType::uint8);
  const Raster shorts(folder.file("short.tif"));
  CHECK(shorts.pixel_type == PixelType::float32);
  std::vector<float> values(16);
  shorts.read(values.data());
  CHECK(values[15] == 15.0f);
}

TEST_CASE("files that are no images, or damaged ones, are data errors") {
  const ScratchFolder folder;
  CHECK_THROWS_WITH(Raster(folder.file("no.tif")), Contains("no such file"));
  std::ofstream(folder.file("text.tif")) << "this is text";
  CHECK_THROWS_WITH(Raster(folder.file("text.tif")),
                    Contains("not readable as GeoTIFF, JPEG or PNG"));
  write_geotiff(folder.file("cut.tif"), {13, 64, 64, GDT_UInt16, {}, 0});
  std::filesystem::resize_file(folder.file("cut.tif"), 20000);
  const auto read = [&] {
    const Raster raster(folder.file("cut.tif"));
    std::vector<std::uint16_t> values(13 * 64 * 64);
    raster.read(values.data());
  };
  CHECK_THROWS_AS(read(), DataError);
}

TEST_CASE("image files are known by their extension") {
  CHECK(is_image_name("a/b.TIF"));
  CHECK(is_image_name("b.jpeg"));
  CHECK_FALSE(is_image_name("b.tif.aux.xml"));
  CHECK_FALSE(is_image_name("tif"));
}

TEST_CASE("what systems put beside the files of users is known") {
  for (const char* name : {"a/._b.tif", "a/.hidden", "__MACOSX", "a/@eaDir", "~lock.tif"})
    CHECK(is_clutter(name));
  for (const char* name : {"a/b.tif", "../a", "b_._c.tif"}) CHECK_FALSE(is_clutter(name));
}

TEST_CASE("the size of a pixel on the ground is known in metres, from degrees, too") {
  const ScratchFolder folder;
  write_geotiff(folder.file("utm.tif"), {1, 3, 4, GDT_UInt16, {}, 600000.0, 32});
  CHECK(Raster(folder.file("utm.tif")).place.pixel_size() == Approx(10));
  write_geotiff(folder.file("none.tif"), {1, 3, 4, GDT_UInt16, {}, 0});
  CHECK(Raster(folder.file("none.tif")).place.pixel_size() == 0);
}
