#include "tools/prepare/classes/class_folders.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "catch.hpp"
#include "raster/geotiff.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset.hpp>

using namespace al_mpi;

namespace {

namespace fs = std::filesystem;

/// Three classes of four tiles; pixel value = 1000 class + 10 tile.
std::string make_folders(const ScratchFolder& folder) {
  for (int k = 0; k < 3; ++k) {
    const fs::path path =
        folder.path() / "images" /
        std::vector<std::string>{"Forest", "Lake", "Town"}[static_cast<std::size_t>(k)];
    fs::create_directories(path);
    for (int i = 0; i < 4; ++i) {
      TestImage image;
      image.values.assign(13 * 64, static_cast<std::uint16_t>(1000 * k + 10 * i));
      write_geotiff((path / ("tile_" + std::to_string(i) + ".tif")).string(), image);
    }
    std::ofstream(path / "notes.txt") << "no image";
  }
  return (folder.path() / "images").string();
}

ClassFolderImport import_of(const ScratchFolder& folder) {
  ClassFolderImport import;
  import.folder = make_folders(folder);
  import.output = folder.file("out.h5");
  import.split = {"all", 3, 3, 1};
  return import;
}

std::string problem_of(const ClassFolderImport& import) {
  try {
    import_class_folders(import);
  } catch (const Error& error) {
    return error.what();
  }
  return "no problem";
}

}  // namespace

TEST_CASE("class folders become a dataset in which every label fits its image") {
  const ScratchFolder folder;
  const auto import = import_of(folder);
  CHECK(import_class_folders(import).scale == 1.0);
  const auto dataset = Dataset::open(import.output);
  CHECK(dataset->classes == std::vector<std::string>{"Forest", "Lake", "Town"});
  CHECK(dataset->bands[12] == "B8A");
  CHECK(dataset->train().n == 6);
  CHECK(dataset->splits.at("validation").n == 3);
  CHECK(dataset->test().n == 3);
  for (const auto& [name, split] : dataset->splits) {
    for (std::int64_t i = 0; i < split.n; ++i) {
      const auto pixel = *static_cast<const std::uint16_t*>(split.image(i));
      const auto label = split.labels[static_cast<std::size_t>(i)];
      CHECK(pixel / 1000 == label);
      CHECK(split.names[static_cast<std::size_t>(i)] ==
            fmt::format("{}/tile_{}.tif", dataset->classes[static_cast<std::size_t>(label)],
                        pixel % 1000 / 10));
    }
  }
}

TEST_CASE("bad folders and images are one line, and leave nothing behind") {
  const ScratchFolder folder;
  auto import = import_of(folder);
  const std::size_t before = folder.n_entries();
  const auto tile = import.folder + "/Lake/tile_2.tif";
  const auto with_tile = [&](const TestImage& image) {
    write_geotiff(tile, image);
    return problem_of(import);
  };
  CHECK_THAT(
      with_tile({12, 8, 8, GDT_UInt16, {}, 0}),
      Contains(
          "1 of the 12 images are not like the other 11 (13 bands without names, UInt16, 8 x 8 "
          "pixels): 12 bands without names (Lake/tile_2.tif)"));
  CHECK_THAT(with_tile({13, 8, 9, GDT_UInt16, {}, 0}), Contains("8 x 9 pixels (Lake/tile_2.tif)"));
  CHECK_THAT(with_tile({13, 8, 8, GDT_Byte, {}, 0}), Contains("Byte (Lake/tile_2.tif)"));
  std::ofstream(tile) << "broken";
  CHECK_THAT(problem_of(import), Contains("Lake/tile_2.tif: not readable"));
  fs::remove(tile);
  fs::create_directory(import.folder + "/Empty");
  CHECK_THAT(problem_of(import), Contains("Empty: no images"));
  import.folder += "/Lake";
  CHECK_THAT(problem_of(import), Contains("0 class folders"));
  import.folder = folder.file("nowhere");
  CHECK_THAT(problem_of(import), Contains("no such folder"));
  CHECK(folder.n_entries() == before);
}

TEST_CASE("an existing output is replaced only by force") {
  const ScratchFolder folder;
  auto import = import_of(folder);
  std::ofstream(import.output) << "precious";
  CHECK_THAT(problem_of(import), Contains("out.h5 exists (--force replaces it)"));
  import.force = true;
  CHECK(problem_of(import) == "no problem");
  CHECK(Dataset::open(import.output)->n_classes() == 3);
}

TEST_CASE("EuroSAT itself") {
  const char* eurosat = std::getenv("AL_EUROSAT_DIR");
  if (eurosat == nullptr) {
    WARN("skipped: AL_EUROSAT_DIR is not set");
    return;
  }
  const ScratchFolder folder;
  ClassFolderImport import;
  import.folder = eurosat;
  import.output = folder.file("eurosat.h5");
  import_class_folders(import);
  const auto dataset = Dataset::open(import.output);
  CHECK(dataset->n_classes() == 10);
  CHECK(dataset->bands.size() == 13);
  CHECK(dataset->train().height == 64);
  // Vegetation is bright in the near infrared (B8), every surface dark in the cirrus band (B10).
  CHECK(dataset->mean[7] > 1500);
  CHECK(dataset->mean[9] < 50);
}
