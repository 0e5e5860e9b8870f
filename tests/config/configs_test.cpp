#include <filesystem>

#include "catch.hpp"
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;
namespace fs = std::filesystem;

TEST_CASE("every file in configs/ loads, and survives a round trip") {
  int n = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(AL_TEST_DATA) / "../../configs")) {
    INFO(entry.path());
    const SweepConfig config = load_config(entry.path().string());
    CHECK(to_yaml(parse_config(to_yaml(config), "again")) == to_yaml(config));
    CHECK_FALSE(expand(config).empty());
    ++n;
  }
  CHECK(n >= 3);
}

TEST_CASE("the published study is 300 trials a setting") {
  for (const char* name : {"eurosat_balanced.yaml", "eurosat_unbalanced.yaml"}) {
    const SweepConfig config =
        load_config((fs::path(AL_TEST_DATA) / "../../configs" / name).string());
    CHECK(expand(config).size() == 300);
    CHECK(config.loop.n_init + config.loop.n_rounds * config.loop.n_query == 352);
  }
}
