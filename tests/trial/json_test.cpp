#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/trial/engine_line.hpp>
#include <al_mpi/trial/json.hpp>

using namespace al_mpi;
using nlohmann::json;

namespace {

RoundRecord sample_round() {
  RoundRecord record;
  record.trial = 4;
  record.key = "margin_sampling/random/3";
  record.round = 2;
  record.attempt = 3;
  record.n_labeled = 96;
  record.picks = {{17, 3, 0.1 + 0.2}, {5, 0, -std::numeric_limits<double>::infinity()}};
  record.metrics = {{"accuracy", 1.0 / 3.0}, {"nll", std::numeric_limits<double>::quiet_NaN()}};
  record.confusion = {1, 2, 3, 4};
  record.calibration = {0.1 + 0.2, 1, 1, 1.9, 1, 2};
  record.weights_hash = "0123456789abcdef";
  return record;
}

}  // namespace

TEST_CASE("a round record survives JSON bit for bit") {
  const RoundRecord before = sample_round();
  const auto after = json::parse(json(before).dump()).get<RoundRecord>();
  CHECK(after.key == before.key);
  CHECK(after.attempt == 3);
  CHECK(after.picks[0].score == before.picks[0].score);
  CHECK(after.picks[1].score == before.picks[1].score);
  CHECK(metric(after, "accuracy") == 1.0 / 3.0);
  CHECK(std::isnan(metric(after, "nll")));
  CHECK(std::isnan(metric(after, "absent")));
  CHECK(after.confusion == before.confusion);
  CHECK(after.calibration == before.calibration);
}

TEST_CASE("a round of an earlier version has no calibration, and one of another kind is refused") {
  json line = sample_round();
  line.erase("calibration");
  CHECK(parse_round(line.dump()).calibration.empty());
  CHECK_FALSE(json(parse_round(line.dump())).contains("calibration"));
  line["calibration"] = json::array({0.5, "sure", 1});
  CHECK_THROWS_WITH(parse_round(line.dump()), Contains("calibration"));
}

TEST_CASE(
    "a line about a round is read whatever its blanks and other fields, and refused by the field "
    "that is wrong") {
  const json whole = sample_round();
  CHECK(json(parse_round(whole.dump())) == whole);
  CHECK(json(parse_round(whole.dump(2))) == whole);
  json more = whole;
  more["type"] = "round";
  more["unknown"] = {{"key", 7}, {"picks", json::array({1})}};
  CHECK(json(parse_round(more.dump())) == whole);
  const json wrong_values[] = {nullptr,
                               true,
                               "x",
                               1e300,
                               1.5,
                               std::int64_t{1} << 40,
                               json::object(),
                               json::array({1}),
                               json::array({json::array({1, 2, 3, 4})})};
  int n_taken = 0;
  for (const auto& [name, value] : whole.items()) {
    json broken = whole;
    broken.erase(name);
    if (name != "calibration") CHECK_THROWS_WITH(parse_round(broken.dump()), Contains(name));
    for (const json& wrong : wrong_values) {
      broken[name] = wrong;
      INFO(broken);
      json read;
      std::string error;
      try {
        read = parse_round(broken.dump());
      } catch (const DataError& refused) {
        error = refused.what();
      }
      CHECK((error.empty() ? read == broken : error.find(name) != std::string::npos));
      n_taken += error.empty();
    }
  }
  CHECK(n_taken == 5);  // a text as key and as hash, a large count, lists of numbers
  for (const char* line : {"", "hello", "[1]", "7", "{", "{}", "{} {}"}) {
    CHECK_THROWS_AS(parse_round(line), DataError);
  }
}

TEST_CASE("a trial's key names its own settings first") {
  TrialSpec spec{0, "margin_sampling", "random", 3, {}};
  CHECK(spec.key() == "margin_sampling/random/3");
  spec.settings["loop.n_init"] = "10";
  CHECK(spec.key() == "loop.n_init=10;/margin_sampling/random/3");
  CHECK(json(spec).get<TrialSpec>().settings == spec.settings);
}

TEST_CASE("a trial is found again from its key") {
  TrialSpec spec{0, "margin_sampling", "random", 3, {}};
  CHECK(TrialSpec::from_key(spec.key()).key() == spec.key());
  spec.settings = {{"loop.n_init", "10"}, {"query.embeddings", "moco/v2"}};
  CHECK(TrialSpec::from_key(spec.key()).settings == spec.settings);
  for (const char* bad :
       {"", "a", "a/b", "a/b/c", "/b/1", "a/b/1x", "x=1/a/b/1", "x;/a/b/1", "//1"}) {
    INFO(bad);
    CHECK_THROWS_AS(TrialSpec::from_key(bad), DataError);
  }
}

TEST_CASE("missing and mistyped fields are data errors that name the field") {
  json broken = sample_round();
  broken.erase("n_labeled");
  CHECK_THROWS_AS(broken.get<RoundRecord>(), DataError);
  broken = sample_round();
  broken["round"] = "two";
  CHECK_THROWS_WITH(broken.get<RoundRecord>(), Contains("round"));
  for (const json& number :
       {json(1e300), json(1.5), json(std::int64_t{1} << 40), json(-(std::int64_t{1} << 40)),
        json(std::numeric_limits<std::uint64_t>::max())}) {
    broken = sample_round();
    broken["round"] = number;
    CHECK_THROWS_WITH(broken.get<RoundRecord>(), Contains("round"));
  }
  broken = sample_round();
  broken["picks"][0][1] = 1e300;
  CHECK_THROWS_AS(broken.get<RoundRecord>(), DataError);
  broken = sample_round();
  broken["confusion"][0] = 1e300;
  CHECK_THROWS_AS(broken.get<RoundRecord>(), DataError);
  broken = sample_round();
  broken["metrics"] = json::array({json::array({"accuracy", "high"})});
  CHECK_THROWS_AS(broken.get<RoundRecord>(), DataError);
}

TEST_CASE("trial states have names") {
  CHECK(enum_of<TrialState>("failed", "state") == TrialState::failed);
  CHECK_THROWS_AS(enum_of<TrialState>("fialed", "state"), ConfigError);
}
