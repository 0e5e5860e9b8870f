#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "results/sweep_example.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/results/inspect.hpp>
#include <al_mpi/trial/json.hpp>

using namespace al_mpi;

namespace {

void make_sweep(const std::string& file) {
  auto store = example::open(file);
  for (int t = 0; t < 3; ++t) example::run(*store, t);
  store->snapshot();
}

void write_checkpoint(const std::string& path, const std::string& key,
                      const std::vector<RoundRecord>& rounds) {
  const std::string json = nlohmann::json{{"key", key}, {"rounds", rounds}}.dump();
  const std::string body = json + "learner";
  std::ofstream(path) << fmt::format("al_mpi checkpoint 1 {} {}\n", to_hex(stable_hash(body)),
                                     json.size())
                      << body;
}

}  // namespace

TEST_CASE("whole files that agree have no problems") {
  const ScratchFolder folder;
  make_sweep(folder.file("x.h5"));
  const TrialSpec spec = example::grid()[5];
  write_checkpoint(folder.file("x.checkpoints/t.checkpoint"), spec.key(),
                   {example::round(spec, 0)});
  const Verification found = verify_results(folder.file("x.h5"));
  CHECK(found.problems.empty());
  CHECK(found.notes.size() == 3);
}

TEST_CASE("damage and contradictions are found") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  make_sweep(file);
  const auto problems = [&] { return verify_results(file).problems; };
  SECTION("in the journal") {
    std::string bytes = folder.contents("x.journal");
    bytes[bytes.find("\"round\":1")] = '#';
    std::ofstream(folder.file("x.journal")) << bytes;
    REQUIRE(problems().size() == 3);
    CHECK_THAT(problems()[0], Contains("line 12 is damaged"));
    CHECK_THAT(problems()[1], Contains("random_sampling/random/1 lacks rounds"));
    CHECK_THAT(problems()[2], Contains("round 1 is not in the journal"));
  }
  SECTION("in the results file") {
    ResultsTables tables = read_results(file);
    tables.rounds.metrics["accuracy"][4] = 0.25;
    write_results(file, tables);
    REQUIRE(problems().size() == 1);
    CHECK_THAT(problems()[0], Contains("margin_sampling/random/1 round 1: accuracy: 0.62"));
  }
  SECTION("in checkpoints") {
    RoundRecord wrong = example::round(example::grid()[0], 1);
    wrong.picks[0].index = 77;
    write_checkpoint(folder.file("x.checkpoints/a.checkpoint"), wrong.key, {wrong});
    CHECK_THAT(problems().at(0), Contains("a.checkpoint: round 1: pick 0: 11 is stored, 77 came"));
    write_checkpoint(folder.file("x.checkpoints/a.checkpoint"), "no/such/1", {});
    CHECK_THAT(problems().at(0), Contains("no trial has the key no/such/1"));
    std::ofstream(folder.file("x.checkpoints/a.checkpoint"))
        << "al_mpi checkpoint 1 0123456789abcdef 3\nxxx";
    CHECK_THAT(problems().at(0), Contains("checksum"));
  }
}

TEST_CASE("where nothing is, that is said") {
  CHECK_THROWS_AS(verify_results("/nowhere/x.h5"), DataError);
  std::ostringstream out;
  CHECK_THROWS_AS(export_journal("/nowhere/x.h5", out), DataError);
}

TEST_CASE("the journal is printed as JSON lines") {
  const ScratchFolder folder;
  make_sweep(folder.file("x.h5"));
  std::ostringstream out;
  CHECK(export_journal(folder.file("x.h5"), out) == 0);
  std::istringstream lines(out.str());
  int n = 0;
  for (std::string line; std::getline(lines, line); ++n)
    CHECK(nlohmann::json::parse(line).contains("type"));
  CHECK(n == 1 + 8 + 3 * (1 + 3 + 1));
}
