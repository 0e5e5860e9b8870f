#include <sstream>

#include "tools/aggregate/import_log.hpp"

#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

ImportedLog import(const std::string& text, const ImportOptions& options = {}) {
  std::istringstream stream(text);
  return import_log(stream, "made.log", options);
}

std::string problem_of(const std::string& text) {
  try {
    import(text);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the order of appearance is the round, labels follow from the budget") {
  ImportOptions options;
  options.name = "mine";
  options.n_init = 10;
  options.n_query = 5;
  options.class_counts = {3, 4};
  const ImportedLog log =
      import("BALDDropout_kmeans,3,u1,0.25\nBALDDropout_kmeans,3,u1,0.5\n", options);
  const ResultsTables& t = log.tables;
  CHECK(log.notes.empty());
  REQUIRE(t.trials.size() == 1);
  CHECK(t.trials[0].spec.key() == "bald_dropout/kmeans/3");
  CHECK(t.trials[0].state == TrialState::done);
  CHECK(t.rounds.n_labeled == std::vector<std::int64_t>{10, 15});
  CHECK(t.rounds.metrics.at("accuracy") == std::vector<double>{0.25, 0.5});
  CHECK(t.attributes.at("name") == "mine");
  CHECK(t.attributes.at("class_counts") == "3 4");
  CHECK(t.complete);
}

TEST_CASE("interleaved runs are taken apart and reported") {
  const ImportedLog log = import(
      "MarginSampling_random,1,u1,0.1\nMarginSampling_random,2,u2,0.2\n"
      "MarginSampling_random,1,u1,0.3\nMarginSampling_random,2,u2,0.4\n");
  CHECK(log.tables.rounds.metrics.at("accuracy") == std::vector<double>{0.1, 0.3, 0.2, 0.4});
  REQUIRE(log.notes.size() == 1);
  CHECK_THAT(log.notes[0], Contains("2 runs are interleaved"));
}

TEST_CASE("a restarted run is reported, never averaged: the longer one is kept") {
  const ImportedLog log = import(
      "RandomSampling_fps,1,u1,0.1\n"
      "RandomSampling_fps,1,u2,0.7\nRandomSampling_fps,1,u2,0.8\n");
  CHECK(log.tables.trials.size() == 1);
  CHECK(log.tables.rounds.metrics.at("accuracy") == std::vector<double>{0.7, 0.8});
  REQUIRE(log.notes.size() == 1);
  CHECK_THAT(log.notes[0], Contains("run twice") && Contains("u2 is used"));
}

TEST_CASE("an incomplete run is unfinished and reported") {
  const ImportedLog log = import(
      "RandomSampling_fps,1,u1,0.1\nRandomSampling_fps,1,u1,0.2\nRandomSampling_fps,2,u2,0.7\n");
  CHECK(log.tables.trials[1].state == TrialState::pending);
  CHECK_FALSE(log.tables.complete);
  REQUIRE(log.notes.size() == 1);
  CHECK_THAT(log.notes[0], Contains("1 of 2 rounds"));
}

TEST_CASE("bad lines are refused with their number") {
  const std::string good = "RandomSampling_fps,1,u1,0.1\n";
  CHECK_THAT(problem_of(good + "RandomSampling_fps,1,u1\n"), Contains("line 2"));
  CHECK_THAT(problem_of("RandomSampling_fps,one,u1,0.1\n"), Contains("'one' is not a seed"));
  CHECK_THAT(problem_of("RandomSampling_fps,1,u1,0.1x\n"), Contains("'0.1x' is not a number"));
  CHECK_THAT(problem_of("RandomSampling,1,u1,0.1\n"), Contains("not Strategy_init"));
  CHECK_THAT(problem_of("_random,1,u1,0.1\n"), Contains("not Strategy_init"));
  CHECK_THAT(problem_of("a/b_random,1,u1,0.1\n"), Contains("holds one of / = ;"));
  CHECK_THAT(problem_of("RandomSampling_fps,1,u1,0.1,7\n"), Contains("line 1"));
  CHECK_THAT(problem_of("\n\n"), Contains("holds no line"));
  CHECK_THROWS_AS(import_log("/does/not/exist.log"), DataError);
}

TEST_CASE("what editors and spreadsheets add to a log is passed over") {
  const std::string plain = "RandomSampling_fps,1,u1,0.5\n";
  for (const std::string& text :
       {std::string("RandomSampling_fps,1,u1,0.5\r\n"), "\n  \n" + plain + "\n",
        "\xEF\xBB\xBF" + plain, "strategy,seed,uuid,accuracy\n" + plain,
        "\xEF\xBB\xBFstrategy,seed,uuid,value\r\n\r\n" + plain,
        std::string("RandomSampling_fps,1,u1,0.5,,\n"),
        std::string(" RandomSampling_fps , 1,\tu1, 0.5 \n"),
        std::string("RandomSampling_fps,1,u1,0.5")}) {
    INFO(text);
    const ImportedLog log = import(text);
    CHECK(log.tables.trials[0].spec.key() == "random_sampling/fps/1");
    CHECK(log.tables.rounds.metrics.at("accuracy") == std::vector<double>{0.5});
    CHECK(log.notes.empty());
  }
  CHECK(import("RandomSampling_fps,1,u1,0.5\n\n\nRandomSampling_fps,1,u1,0.6\n").notes.empty());
}

TEST_CASE("names of one's own stay as they are and are noted, with the known one they are near") {
  const ImportedLog log =
      import("MyMethod_random,1,a,0.5\nmy_other_prob_cover,1,b,0.5\nRandomSamplng_mine,1,c,0.5\n");
  CHECK(log.tables.trials[0].spec.key() == "MyMethod/random/1");
  CHECK(log.tables.trials[1].spec.key() == "my_other/prob_cover/1");
  CHECK(log.tables.trials[2].spec.key() == "RandomSamplng/mine/1");
  REQUIRE(log.notes.size() == 4);
  CHECK_THAT(log.notes[0], Contains("'MyMethod' is not one of al_mpi's"));
  CHECK_THAT(log.notes[2], Contains("near 'random_sampling'"));
  CHECK_THAT(log.notes[3], Contains("initial set 'mine'"));
}

TEST_CASE("values that are no finite numbers are kept and noted") {
  const ImportedLog log = import("RandomSampling_fps,1,u1,nan\nRandomSampling_fps,1,u1,inf\n");
  REQUIRE(log.notes.size() == 1);
  CHECK_THAT(log.notes[0], Contains("2 values of 1 trials are NaN or infinite"));
}
