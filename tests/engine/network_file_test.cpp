#include <al_mpi/engine/network_file.hpp>

#include <fstream>

#include "src/engine/checkpoint.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/sealed_file.hpp>

#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace al_mpi;

namespace {

TrainedNetwork sample() {
  TrainedNetwork network;
  network.model.name = "unet_resnet18";
  network.model.dropout = 0.25;
  network.precision = Precision::bf16;
  network.task = Task::segmentation;
  network.classes = {"no data", "water"};
  network.ignore_label = 0;
  network.bands = {"B2", "B8A"};
  network.pixel_type = PixelType::uint8;
  network.mean = {0.1f, 2.0f};
  network.std_dev = {1.0f / 3.0f, 4.0f};
  network.height = 20;
  network.width = 30;
  network.state = std::string("\0weights\n", 9);
  return network;
}

}  // namespace

TEST_CASE("a network file gives back all that was saved") {
  const ScratchFolder folder;
  const auto path = folder.file("a.network");
  save_network(path, sample());
  const TrainedNetwork loaded = load_network(path);
  CHECK(loaded.model.name == "unet_resnet18");
  CHECK(loaded.model.dropout == 0.25);
  CHECK(loaded.precision == Precision::bf16);
  CHECK(loaded.task == Task::segmentation);
  CHECK(loaded.classes == sample().classes);
  CHECK(loaded.ignore_label == 0);
  CHECK(loaded.bands == sample().bands);
  CHECK(loaded.pixel_type == PixelType::uint8);
  CHECK(loaded.mean == sample().mean);
  CHECK(loaded.std_dev == sample().std_dev);
  CHECK(loaded.height == 20);
  CHECK(loaded.width == 30);
  CHECK(loaded.state == sample().state);
}

TEST_CASE(
    "a network file whose names are unknown is refused with the file, the field and the name") {
  const ScratchFolder folder;
  const auto path = folder.file("a.network");
  const std::string magic = "al_mpi network 1";
  for (const char* field : {"precision", "task", "pixel_type"}) {
    save_network(path, sample());
    SealedFile file = read_sealed_file(path, magic, "trained network");
    file.header[field] = "fp16";
    write_sealed_file(path, magic, file);
    CHECK_THROWS_WITH(load_network(path),
                      Contains("a.network") && Contains(field) && Contains("unknown value 'fp16'"));
  }
}

TEST_CASE("missing, foreign and damaged network files are refused") {
  const ScratchFolder folder;
  CHECK_THROWS_WITH(load_network(folder.file("no.network")), Contains("cannot be read"));
  std::ofstream(folder.file("text")) << "hello\n";
  CHECK_THROWS_WITH(load_network(folder.file("text")), Contains("is no trained network"));
  Checkpoint checkpoint;
  checkpoint.key = "random_sampling/random/1";
  save_checkpoint(folder.file("a.checkpoint"), checkpoint);  // between two rounds: no network
  CHECK_THROWS_WITH(load_network(folder.file("a.checkpoint")), Contains("is no trained network"));

  const auto path = folder.file("a.network");
  save_network(path, sample());
  const std::string whole = folder.contents("a.network");
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << changed;
    CHECK_THROWS_AS(load_network(path), DataError);
  }
}
