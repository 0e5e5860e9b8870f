#include "tools/prepare/labels/label_rasters.hpp"

#include <set>

#include "catch.hpp"
#include "raster/geotiff.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset.hpp>

using namespace al_mpi;

namespace {

namespace fs = std::filesystem;

/// An image of 8 x 12 whose pixels are all `value`, and a label raster that is `label` everywhere.
void write_pair(const ScratchFolder& folder, const std::string& name, std::uint16_t value,
                std::uint16_t label) {
  TestImage image{2, 8, 12, GDT_UInt16, std::vector<std::uint16_t>(2 * 96, value), 0};
  TestImage labels{1, 8, 12, GDT_Byte, std::vector<std::uint16_t>(96, label), 0};
  write_geotiff(folder.file("images/" + name + ".tif"), image);
  write_geotiff(folder.file("labels/" + name + ".tif"), labels);
}

/// Five pairs of two 6 x 6 tiles each; the label of pair k is k + 1, its pixels 100 (k + 1).
LabelRasterImport import_of(const ScratchFolder& folder) {
  for (const char* part : {"images/a", "labels/a"}) fs::create_directories(folder.path() / part);
  for (int k = 1; k <= 5; ++k) {
    write_pair(folder, (k < 3 ? "a/scene_" : "scene_") + std::to_string(k),
               static_cast<std::uint16_t>(100 * k), static_cast<std::uint16_t>(k));
  }
  LabelRasterImport import;
  import.images = folder.file("images");
  import.labels = folder.file("labels");
  import.output = folder.file("out.h5");
  import.tile = 6;
  import.n_test = 4;
  import.allow_missing_classes = true;  // each scene has a class of its own
  return import;
}

std::string problem_of(const LabelRasterImport& import) {
  try {
    import_label_rasters(import);
  } catch (const Error& error) {
    return error.what();
  }
  return "no problem";
}

}  // namespace

TEST_CASE("pairs are cut into tiles whose labels fit their pixels") {
  const ScratchFolder folder;
  const auto import = import_of(folder);
  CHECK(import_label_rasters(import).n_tiles == 10);
  const auto dataset = Dataset::open(import.output);
  CHECK(dataset->task == Task::segmentation);
  CHECK(dataset->ignore_label == 0);
  CHECK(dataset->classes[8] == "bare");
  CHECK(dataset->train().n == 6);
  CHECK(dataset->test().n == 4);
  std::set<std::string> scenes_of_test;
  for (const auto& [name, split] : dataset->splits) {
    for (std::int64_t i = 0; i < split.n; ++i) {
      CHECK(*static_cast<const std::uint16_t*>(split.image(i)) == 100 * split.label_map(i)[35]);
      const auto& tile = split.names[static_cast<std::size_t>(i)];
      const auto scene = tile.substr(0, tile.find('@'));
      if (name == "test")
        scenes_of_test.insert(scene);
      else
        CHECK(scenes_of_test.count(scene) == 0);  // no image is in both
    }
  }
  CHECK(scenes_of_test.size() == 2);
}

TEST_CASE("tiles with too little labelled area are left out") {
  const ScratchFolder folder;
  auto import = import_of(folder);
  std::vector<std::uint16_t> half(96, 0);
  for (std::size_t i = 0; i < 96; ++i)
    half[i] = i % 12 < 6 ? 0 : i % 2;  // left tile empty, right tile half
  write_geotiff(folder.file("labels/scene_5.tif"), {1, 8, 12, GDT_Byte, half, 0});
  CHECK(import_label_rasters(import).n_dropped == 1);
  import.force = true;
  import.min_labeled = 0.6;
  const auto summary = import_label_rasters(import);
  CHECK(summary.n_dropped == 2);
  CHECK(summary.n_tiles == 8);
}

TEST_CASE("all problems of all pairs are told at once, and nothing is written") {
  const ScratchFolder folder;
  const auto import = import_of(folder);
  fs::remove(folder.file("labels/a/scene_1.tif"));
  fs::remove(folder.file("images/a/scene_2.tif"));
  write_geotiff(folder.file("labels/scene_3.tif"), {1, 8, 11, GDT_Byte, {}, 0});
  const auto problem = problem_of(import);
  CHECK_THAT(problem, Contains("3 of the images or label rasters cannot be used (of 3 pairs)"));
  CHECK_THAT(problem, Contains("scene_1.tif: no label raster of this name"));
  CHECK_THAT(problem, Contains("scene_2.tif: no image of this name"));
  CHECK_THAT(problem, Contains("scene_3.tif: 8 x 11 pixels, but its image has 8 x 12"));
  CHECK(problem.find('\n') == std::string::npos);
  CHECK_FALSE(fs::exists(import.output));
}

TEST_CASE("labels that lie elsewhere, or are no classes, are told with the other problems") {
  const ScratchFolder folder;
  const auto import = import_of(folder);
  const auto write = [&](const std::string& name, int bands, GDALDataType type, double west,
                         int zone) {
    write_geotiff(folder.file(name), {bands, 8, 12, type, {}, west, zone});
  };
  write("images/a/scene_1.tif", 2, GDT_UInt16, 600000, 32);
  write("labels/a/scene_1.tif", 1, GDT_Byte, 600000, 33);
  write("images/a/scene_2.tif", 2, GDT_UInt16, 600000, 32);
  write("labels/a/scene_2.tif", 1, GDT_Byte, 600010, 32);
  write("labels/scene_4.tif", 2, GDT_Byte, 0, 0);
  const auto problem = problem_of(import);
  CHECK_THAT(problem, Contains("3 of the images or label rasters cannot be used"));
  CHECK_THAT(problem, Contains("scene_1.tif: another projection than its image"));
  CHECK_THAT(problem, Contains("scene_2.tif: another position or pixel size than its image"));
  CHECK_THAT(problem,
             Contains("scene_4.tif: 2 bands of Byte (one band of class values is expected)"));
  CHECK_FALSE(fs::exists(import.output));
}

TEST_CASE("values that the legend does not name are refused with their shares") {
  const ScratchFolder folder;
  const auto import = import_of(folder);
  write_geotiff(folder.file("labels/scene_4.tif"),
                {1, 8, 12, GDT_Byte, std::vector<std::uint16_t>(96, 11), 0});
  const auto problem = problem_of(import);
  CHECK_THAT(problem, Contains("11 (20.0 %), of which 11 is not named by Dynamic World's classes"));
  CHECK_THAT(problem, Contains("(1 label rasters: ") && Contains("scene_4.tif"));
  CHECK_FALSE(fs::exists(import.output));
}

TEST_CASE("an image of other bands than most is named") {
  const ScratchFolder folder;
  const auto import = import_of(folder);
  write_geotiff(folder.file("images/scene_5.tif"), {3, 8, 12, GDT_UInt16, {}, 0});
  CHECK_THAT(problem_of(import),
             Contains("1 of the 5 images are not like the other 4 (2 bands without "
                      "names, UInt16): 3 bands without names (scene_5.tif)"));
}

TEST_CASE("images smaller than a tile are refused, or filled up with no data") {
  const ScratchFolder folder;
  auto import = import_of(folder);
  for (const char* part : {"images", "labels"}) {
    const bool image = std::string(part) == "images";
    write_geotiff(folder.file(std::string(part) + "/scene_5.tif"),
                  {image ? 2 : 1, 5, 12, image ? GDT_UInt16 : GDT_Byte,
                   std::vector<std::uint16_t>(image ? 120 : 60, image ? 500 : 5), 0});
  }
  CHECK_THAT(problem_of(import), Contains("scene_5.tif: 5 x 12 pixels, smaller than a tile of 6"));
  import.edges = Edges::pad;
  CHECK(import_label_rasters(import).n_tiles == 18);
}

TEST_CASE("labels without a single labelled pixel are refused") {
  const ScratchFolder folder;
  auto import = import_of(folder);
  for (int k = 1; k <= 5; ++k) {
    write_pair(folder, (k < 3 ? "a/scene_" : "scene_") + std::to_string(k), 100, 0);
  }
  CHECK_THAT(problem_of(import),
             Contains("no tile of the 5 label rasters has any labelled pixels"));
  CHECK_FALSE(fs::exists(import.output));
}

TEST_CASE("options that leave no pool, and folders that are not there, are refused") {
  const ScratchFolder folder;
  auto import = import_of(folder);
  import.n_test = 10;
  CHECK_THAT(problem_of(import), Contains("--test: 10 test tiles leave none"));
  import.n_test = 4;
  import.min_labeled = 1.5;
  CHECK_THAT(problem_of(import), Contains("--min-labeled"));
  import.min_labeled = 0;
  import.labels = folder.file("nowhere");
  CHECK_THAT(problem_of(import), Contains("no such folder"));
}
