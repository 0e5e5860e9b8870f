#include <al_mpi/engine/checkpoint.hpp>

#include <filesystem>
#include <fstream>

#include <stdlib.h>

#include <al_mpi/base/error.hpp>

#include "catch.hpp"

using namespace al_mpi;
namespace fs = std::filesystem;

namespace {

struct TempFolder {
  TempFolder() {
    std::string name = (fs::temp_directory_path() / "al_mpi_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TempFolder() { fs::remove_all(path); }
  fs::path path;
};

Checkpoint sample() {
  Checkpoint checkpoint;
  checkpoint.key = "margin_sampling/random/1";
  checkpoint.fingerprint = "f00d";
  RoundRecord record;
  record.key = checkpoint.key;
  record.picks = {{3, 1, 0.25}};
  record.metrics = {{"accuracy", 1.0 / 3.0}};
  checkpoint.rounds = {record};
  checkpoint.next_picks = {{7, -1, 0.1}, {2, -1, 0.05}};
  checkpoint.learner_state = std::string("\0\x01weights\n", 10);
  return checkpoint;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a checkpoint comes back as it was saved") {
  const TempFolder folder;
  const auto path = (folder.path / "a.ckpt").string();
  CHECK_FALSE(load_checkpoint(path).has_value());
  save_checkpoint(path, sample());
  const auto loaded = load_checkpoint(path);
  REQUIRE(loaded.has_value());
  CHECK(loaded->key == "margin_sampling/random/1");
  CHECK(loaded->fingerprint == "f00d");
  REQUIRE(loaded->rounds.size() == 1);
  CHECK(metric(loaded->rounds[0], "accuracy") == 1.0 / 3.0);
  REQUIRE(loaded->next_picks.size() == 2);
  CHECK(loaded->next_picks[1].index == 2);
  CHECK(loaded->learner_state == sample().learner_state);
}

TEST_CASE("a checkpoint cut short anywhere is refused, never half believed") {
  const TempFolder folder;
  const auto path = (folder.path / "a.ckpt").string();
  save_checkpoint(path, sample());
  const std::string whole = bytes_of(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    CHECK_THROWS_AS(load_checkpoint(path), DataError);
  }
}

TEST_CASE("a checkpoint with one byte changed is refused") {
  const TempFolder folder;
  const auto path = (folder.path / "a.ckpt").string();
  save_checkpoint(path, sample());
  const std::string whole = bytes_of(path);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << changed;
    CHECK_THROWS_AS(load_checkpoint(path), DataError);
  }
}

TEST_CASE("a checkpoint in a folder that is not there is an error with the path") {
  CHECK_THROWS_WITH(save_checkpoint("/nonexistent/folder/a.ckpt", sample()),
                    Catch::Contains("/nonexistent/folder"));
}
