#include "src/results/sorted_rounds.hpp"

#include "catch.hpp"
#include "results/sweep_example.hpp"
#include "scratch_folder.hpp"
#include "src/results/writer.hpp"
#include <al_mpi/io/hdf5.hpp>

using namespace al_mpi;

namespace {

constexpr int n_trials = 3000, n_rounds = 3;

TrialSpec spec(int trial) {
  return {trial, trial % 7 == 0 ? "entropy_sampling" : "badge", "random", trial, {}};
}

/// Round r of trial t: (t + r) % 5 picks, so that chunks end in the middle of a round; a matrix but
/// in every ninth; one metric in half of them.
RoundRecord round(int t, int r) {
  RoundRecord record;
  record.round = r;
  record.n_labeled = 10 * t + r;
  for (int p = 0; p < (t + r) % 5; ++p)
    record.picks.push_back({100 * t + 10 * r + p, p % 2, 0.5 * p});
  record.metrics = {{"zeta", 1.0 * t}, {"accuracy", 1.0 * r}};
  if (t % 2 == 0) record.metrics.emplace_back("nll", -1.0 * t);
  if ((t + r) % 9 != 0) record.confusion = {t, r, 1, 2};
  if (t % 3 == 0) record.weights_hash = "00000000000000ff";
  return record;
}

}  // namespace

TEST_CASE("rounds that came in any order are written by trial and round, chunk by chunk") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.h5");
  RoundLog log;
  for (int r = n_rounds - 1; r >= 0; --r) {
    for (int t = 0; t < n_trials; ++t) log.add(t, round(t, r));
  }
  ResultsTables head;
  head.class_names = {"Forest", "River"};
  for (int t = 0; t < n_trials; ++t) {
    head.trials.emplace_back();
    head.trials.back().spec = spec(t);
  }
  write_results(path, head, log);

  const ResultsTables tables = read_results(path);
  REQUIRE(tables.rounds.trial.size() == n_trials * n_rounds);  // more than a chunk of 8192
  const auto labeled = Hdf5File::open(path).read<std::int64_t>("/labeled_classes");
  std::size_t i = 0, pick = 0;
  bool same = true;
  for (int t = 0; t < n_trials; ++t) {
    std::int64_t counts[2] = {0, 0};
    for (int r = 0; r < n_rounds; ++r, ++i) {
      const RoundRecord expected = round(t, r);
      same &= tables.rounds.trial[i] == t && tables.rounds.round[i] == r;
      same &= tables.rounds.n_labeled[i] == expected.n_labeled;
      same &= tables.rounds.metrics.at("accuracy")[i] == r;
      same &= std::isnan(tables.rounds.metrics.at("nll")[i]) == (t % 2 != 0);
      same &= tables.rounds.weights_hash[i] == (t % 3 == 0 ? 0xff : 0);
      for (std::size_t p = 0; p < expected.picks.size(); ++p, ++pick) {
        same &= tables.picks.trial[pick] == t && tables.picks.round[pick] == r;
        same &= tables.picks.order[pick] == static_cast<int>(p);
        same &= tables.picks.index[pick] == expected.picks[p].index;
        same &= tables.picks.label[pick] == expected.picks[p].label;
        same &= tables.picks.score[pick] == expected.picks[p].score;
        ++counts[expected.picks[p].label];
      }
      for (std::size_t c = 0; c < 4; ++c) {
        const std::int64_t cell = expected.confusion.empty() ? 0 : expected.confusion[c];
        same &= tables.confusion[4 * i + c] == cell;
      }
      same &= labeled[2 * i] == counts[0] && labeled[2 * i + 1] == counts[1];
      REQUIRE(same);
    }
  }
  CHECK(tables.picks.trial.size() == pick);
  CHECK(pick > 8192);
  const Table texts = Hdf5File::open(path).read_table("/rounds", {"strategy"});
  CHECK(std::get<std::vector<std::string>>(texts[0].values)[3 * 14] == "entropy_sampling");
  CHECK(std::get<std::vector<std::string>>(texts[0].values)[3 * 15] == "badge");
  const auto columns = Hdf5File::open(path).columns("/rounds");
  CHECK(std::vector<std::string>(columns.begin() + 6, columns.end()) ==
        std::vector<std::string>{"accuracy", "nll", "zeta", "weights_hash", "settings"});

  SECTION("the same tables, written from memory, are the same file") {
    const std::string again = folder.file("again.h5");
    write_results(again, tables);
    const ResultsTables copy = read_results(again);
    CHECK(copy.picks.index == tables.picks.index);
    CHECK(copy.confusion == tables.confusion);
    CHECK(copy.rounds.n_labeled == tables.rounds.n_labeled);
    CHECK(Hdf5File::open(again).read<std::int64_t>("/labeled_classes") == labeled);
  }
}

TEST_CASE("labelled classes are left out where the oracle answers with maps") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.h5");
  RoundLog log;
  RoundRecord record;
  record.picks = {{3, -1, 0.0}};
  log.add(0, record);
  ResultsTables head;
  head.class_names = {"water", "trees"};
  head.trials.emplace_back();
  head.trials[0].spec = spec(0);
  write_results(path, head, log);
  const auto file = Hdf5File::open(path);
  CHECK_FALSE(file.has("/labeled_classes"));
  CHECK_FALSE(file.has("/confusion"));
  CHECK(read_results(path).picks.index == std::vector<std::int64_t>{3});
}
