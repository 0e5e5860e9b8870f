#include "tools/aggregate/report/shown_samples.hpp"

#include <nlohmann/json.hpp>

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;
using nlohmann::json;

namespace {

/// `picks` [round][pick] are indices; the class of each is its number modulo 2.
void add_picks(ResultsTables& file, int trial, const std::vector<std::vector<int>>& picks) {
  for (std::size_t round = 0; round < picks.size(); ++round) {
    for (std::size_t k = 0; k < picks[round].size(); ++k) {
      file.picks.trial.push_back(trial);
      file.picks.round.push_back(static_cast<std::int32_t>(round));
      file.picks.order.push_back(static_cast<std::int32_t>(k));
      file.picks.index.push_back(picks[round][k]);
      file.picks.label.push_back(picks[round][k] % 2);
      file.picks.score.push_back(0.0);
    }
  }
}

/// Two strategies and two seeds of three rounds; pictures of `bytes` bytes of the first seed's
/// picks.
ResultsTables sweep(std::size_t bytes = 100) {
  ResultsTables file = made_file("sweep.h5");
  const std::vector<std::vector<int>> picks = {{0, 1}, {2, 3, 5}, {4, 6, 7}};
  for (const char* strategy : {"random_sampling", "margin_sampling"}) {
    for (const int seed : {1, 2}) {
      add_trial(file, {strategy, "random", seed}, {0.1, 0.2, 0.3});
      const int trial = static_cast<int>(file.trials.size()) - 1;
      add_picks(file, trial, seed == 1 ? picks : std::vector<std::vector<int>>{{1}, {8}, {9}});
    }
  }
  for (const int index : {2, 3, 4, 6}) {
    file.pictures["pool-" + std::to_string(index)] =
        std::string(bytes, static_cast<char>('a' + index));
  }
  auto& map = file.map;
  map.embeddings = "simclr";
  map.n_even = 3;
  for (int i = 0; i < 8; ++i) {
    map.index.push_back(i);
    map.label.push_back(i % 2);
    map.x.push_back(i);
    map.y.push_back(0.5 * i);
  }
  return file;
}

}  // namespace

TEST_CASE("the gallery has the first and the last query of the lowest seed, by class with counts") {
  const json data = shown_samples(merge_study({sweep()}));
  REQUIRE(data["gallery"].size() == 2);
  const json& margin = data["gallery"][1];
  CHECK(margin["strategy"] == "margin_sampling");
  CHECK(margin["seed"] == 1);
  REQUIRE(margin["batches"].size() == 2);
  CHECK(margin["batches"][0]["round"] == 1);
  CHECK(margin["batches"][0]["labels"] == 64);
  CHECK(margin["batches"][0]["n"] == 3);
  CHECK(margin["batches"][0]["classes"] ==
        json::parse(R"([{"name": "forest", "n": 1, "shown": ["pool-2"]},
                        {"name": "river", "n": 2, "shown": ["pool-3"]}])"));
  CHECK(margin["batches"][1]["classes"][0]["shown"] == json::parse(R"(["pool-4", "pool-6"])"));
  const json& pictures = data["pictures"][margin["pictures"].get<std::string>()];
  CHECK(pictures.size() == 4);
  CHECK(pictures["pool-2"].get<std::string>().substr(0, 8) == "Y2NjY2Nj");  // "cccccc"
  CHECK(data["notes"].empty());
}

TEST_CASE("too many bytes of pictures: fewer of each query, and it is told") {
  const json data = shown_samples(merge_study({sweep(500'000)}));
  CHECK(data["gallery"][0]["batches"][0]["classes"][0]["shown"] == json::array({"pool-2"}));
  CHECK(data["gallery"][0]["batches"][1]["classes"][0]["shown"] == json::array({"pool-4"}));
  CHECK(data["pictures"].begin().value().size() == 2);
  REQUIRE(data["notes"].size() == 1);
  CHECK_THAT(data["notes"][0].get<std::string>(),
             Contains("the first 1 of 2 kept pictures of each query"));
  const json none = shown_samples(merge_study({sweep(1'200'000)}));
  CHECK(none["gallery"].empty());
  CHECK(none["pictures"].empty());
  CHECK_THAT(none["notes"][0].get<std::string>(), Contains("the first 0 of 2"));
}

TEST_CASE("the map has points of the pool and rows of the picks, round by round") {
  const json data = shown_samples(merge_study({sweep()}));
  REQUIRE(data["maps"].size() == 1);
  const json& map = data["maps"].begin().value();
  CHECK(map["n_even"] == 3);
  CHECK(map["points"].size() == 3 * 8);
  CHECK(map["width"] == 1000);
  CHECK(map["height"] == 500);
  CHECK(map["points"][3 * 2 + 2] == 0);  // sample 2: forest
  const json& picks = data["map_picks"][0];
  CHECK(picks["labels"] == json::parse("[32, 64, 96]"));
  CHECK(picks["rounds"][0] == json::parse("[0, 1]"));
  CHECK(picks["rounds"][1] == json::parse("[2, 3, 4]"));  // rows: 3 even ones, then 3 and 5
  const std::size_t row = picks["rounds"][2][2].get<std::size_t>();
  CHECK(map["points"][3 * row] == 1000);  // sample 7 lies furthest
}

TEST_CASE("test tiles stand with their predictions by the trial that is shown") {
  ResultsTables file = sweep();
  for (const char* tile : {"test-0", "test-10"}) {
    file.pictures[tile] = "image";
    file.pictures[std::string(tile) + "-label"] = "label";
    file.pictures[std::string("trial-2-") + tile + "-prediction"] = "guess";
    file.pictures[std::string("trial-2-") + tile + "-entropy"] = "doubt";
  }
  const json data = shown_samples(merge_study({file}));
  REQUIRE(data["tiles"].size() == 1);
  const json& entry = data["tiles"][0];
  CHECK(entry["strategy"] == "margin_sampling");
  REQUIRE(entry["tiles"].size() == 2);
  CHECK(entry["tiles"][1]["index"] == 10);
  CHECK(entry["tiles"][1]["prediction"] == "Z3Vlc3M=");
  CHECK(entry["tiles"][1]["entropy"] == "ZG91YnQ=");
  const json& pictures = data["pictures"][entry["pictures"].get<std::string>()];
  CHECK(pictures["test-10"] == "aW1hZ2U=");
  CHECK(pictures["test-0-label"] == "bGFiZWw=");

  file.pictures["trial-2-test-10-entropy"] = std::string(1'000'000, 'x');
  const json cut = shown_samples(merge_study({file}));
  CHECK(cut["tiles"][0]["tiles"].size() == 1);
  CHECK_THAT(cut["notes"].back().get<std::string>(), Contains("1 of 2 kept test tiles"));
}

TEST_CASE("trials whose own settings say what a sample is are not shown") {
  ResultsTables file = sweep();
  for (TrialRecord& trial : file.trials) trial.spec.settings["query.region"] = "16";
  const json data = shown_samples(merge_study({file}));
  CHECK(data["gallery"].empty());
  CHECK(data["map_picks"].empty());
}

TEST_CASE("files without pictures or map, and those of several sweeps, stand side by side") {
  ResultsTables old = sweep();
  old.pictures.clear();
  old.map = {};
  const json none = shown_samples(merge_study({old}));
  CHECK(none["gallery"].empty());
  CHECK(none["map_picks"].empty());
  CHECK(none["maps"].empty());
  ResultsTables other = sweep();
  other.path = "other.h5";
  const json both = shown_samples(merge_study({old, other}));
  CHECK(both["gallery"].size() == 2);
  CHECK(both["gallery"][0]["dataset"] == "other");
}
