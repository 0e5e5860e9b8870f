#include <al_mpi/config/flat_settings.hpp>

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("configurations become one entry a value") {
  const auto flat = flat_settings(
      "protocol: recommended\n"
      "dataset:\n  path: \"a: b\"\n  synthetic:\n    tile: 16\n"
      "sweep:\n  strategies: [random_sampling, badge]\n  grid: {loop.n_init: [8, 9]}\n"
      "  list:\n    - one\n    - two\n\n# a word\nfarm:\n  device: cpu\n");
  CHECK(flat.at("protocol") == "recommended");
  CHECK(flat.at("dataset.path") == "\"a: b\"");
  CHECK(flat.at("dataset.synthetic.tile") == "16");
  CHECK(flat.at("sweep.grid") == "{loop.n_init: [8, 9]}");
  CHECK(flat.at("sweep.list") == "- one - two");
  CHECK(flat.at("farm.device") == "cpu");
  CHECK(flat.count("dataset") == 0);
  CHECK(flat_settings("").empty());
  CHECK(flat_settings("training: [1, 2").empty());
  CHECK(flat_settings("- 1\n- 2").empty());
  CHECK(flat_settings("seeds:\nloop:\n  n_init: 8\n").count("seeds") == 0);
}
