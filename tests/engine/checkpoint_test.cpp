#include "src/engine/checkpoint.hpp"

#include <fstream>

#include <al_mpi/base/error.hpp>

#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace al_mpi;

namespace {

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

}  // namespace

TEST_CASE("a checkpoint comes back as it was saved") {
  const ScratchFolder folder;
  const std::string path = folder.file("a.ckpt");
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
  const ScratchFolder folder;
  const std::string path = folder.file("a.ckpt");
  save_checkpoint(path, sample());
  const std::string whole = folder.contents("a.ckpt");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    CHECK_THROWS_AS(load_checkpoint(path), DataError);
  }
}

TEST_CASE("a checkpoint with one byte changed is refused") {
  const ScratchFolder folder;
  const std::string path = folder.file("a.ckpt");
  save_checkpoint(path, sample());
  const std::string whole = folder.contents("a.ckpt");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << changed;
    CHECK_THROWS_AS(load_checkpoint(path), DataError);
  }
}

TEST_CASE("a checkpoint in a folder that is not there is an error with the path") {
  CHECK_THROWS_WITH(save_checkpoint("/nonexistent/folder/a.ckpt", sample()),
                    Contains("/nonexistent/folder"));
}
