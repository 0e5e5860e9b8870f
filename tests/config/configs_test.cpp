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

TEST_CASE("in the files of the published study `protocol` decides what it is to decide") {
  const SweepConfig reference = parse_config("protocol: reference", "x.yaml");
  for (const char* name :
       {"eurosat_balanced.yaml", "eurosat_unbalanced.yaml", "dynamic_world.yaml"}) {
    const auto path = (fs::path(AL_TEST_DATA) / "../../configs" / name).string();
    INFO(path);
    // Settings that differ between the protocols by default, and not in this file.
    const auto by_default = differing_settings(parse_config("", "x.yaml"), reference);
    const auto in_file =
        differing_settings(load_config(path), load_config(path, {"protocol=reference"}));
    CHECK(in_file == by_default);
  }
}

TEST_CASE("the published study is 300 trials a setting") {
  for (const char* name : {"eurosat_balanced.yaml", "eurosat_unbalanced.yaml"}) {
    const SweepConfig config =
        load_config((fs::path(AL_TEST_DATA) / "../../configs" / name).string());
    CHECK(expand(config).size() == 300);
    CHECK(config.loop.n_init + config.loop.n_rounds * config.loop.n_query == 352);
  }
}
