#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "catch.hpp"
#include "ranks_in_process.hpp"
#include "results/sweep_example.hpp"
#include "scratch_folder.hpp"
#include "src/sweep/coordinator.hpp"
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/trial/engine_line.hpp>

using namespace al_mpi;

namespace {

/// Rank 0's coordinator over a real store; the test plays the workers of all ranks, and the clock.
class Play {
 public:
  explicit Play(const std::string& file, int n_ranks = 2,
                const std::vector<TrialSpec>& grid = example::grid(),
                const std::vector<std::string>& hosts = {"a", "a", "a"})
      : ranks_(n_ranks), store(example::open(file, grid)) {
    CoordinatorOptions options;
    options.configuration = "settings";
    options.workers_per_rank = 1;
    options.silence = 60.0;
    for (int rank = 0; rank < n_ranks; ++rank) ends_.push_back(ranks_.channel(rank));
    const SweepConfig config = parse_config("loop: {n_rounds: 2}", "test");
    coordinator =
        std::make_unique<Coordinator>(*ends_[0], *store, plan_sweep(config, grid, *store), options);
    for (int rank = 0; rank < n_ranks; ++rank) {
      say(rank, message::Hello{hosts[static_cast<std::size_t>(rank)], 4});
    }
  }

  /// `rank` reports, and rank 0 hears it.
  void say(int rank, Report report) {
    ends_[static_cast<std::size_t>(rank)]->send(0, std::move(report));
    hear();
  }

  void pass(double seconds) {
    now += seconds;
    coordinator->turn(now);
    hear();
  }

  /// What `rank` was told since the last call, of one kind.
  template <class Kind>
  std::vector<Kind> told(int rank) {
    hear();
    std::vector<Kind> kinds;
    for (const Order& order : orders_[rank]) {
      if (const auto* one = std::get_if<Kind>(&order)) kinds.push_back(*one);
    }
    orders_[rank].clear();
    return kinds;
  }

  /// The rank's worker asks; the trial that it is given.
  message::Run idle(int rank) {
    say(rank, message::Idle{0, "cpu"});
    const auto runs = told<message::Run>(rank);
    REQUIRE(runs.size() == 1);
    return runs[0];
  }

  static std::string line(const TrialSpec& spec, int round, int attempt = 1) {
    nlohmann::json json = example::round(spec, round, attempt);
    json["type"] = "round";
    return json.dump();
  }

  void rounds(int rank, const message::Run& run, int n = example::n_rounds) {
    for (int round = 0; round < n; ++round)
      say(rank, message::Round{run.of, line(spec(run.of.trial), round)});
  }

  void ends(int rank, const message::Run& run, Ending ending, const std::string& why = "") {
    say(rank, message::Ended{run.of, ending, why, 1.0});
  }

  /// The workers of `at` do what is left.
  void work(const std::vector<int>& at) {
    for (bool any = true; any;) {
      any = false;
      for (const int rank : at) {
        say(rank, message::Idle{0, "cpu"});
        for (const auto& run : told<message::Run>(rank)) {
          any = true;
          rounds(rank, run);
          ends(rank, run, Ending::done);
        }
      }
    }
    pass(0.1);
  }

  const TrialSpec& spec(int trial) { return record(trial).spec; }
  const TrialRecord& record(int trial) {
    return store->trials().at(static_cast<std::size_t>(trial));
  }
  int n(TrialState state) {
    return static_cast<int>(
        std::count_if(store->trials().begin(), store->trials().end(),
                      [&](const TrialRecord& trial) { return trial.state == state; }));
  }
  ExitCode end() {
    REQUIRE(coordinator->finished(now));
    coordinator->finish(now);
    return coordinator->result();
  }

  double now = 100.0;

 private:
  RanksInProcess ranks_;
  std::vector<std::unique_ptr<Channel>> ends_;
  std::map<int, std::vector<Order>> orders_;

  void hear() {
    for (const auto& channel : ends_) {
      while (const auto received = channel->receive()) {
        if (const auto* report = std::get_if<Report>(&received->message)) {
          coordinator->handle(received->from, *report, now);
        } else {
          orders_[channel->rank()].push_back(std::get<Order>(received->message));
        }
      }
    }
  }

 public:
  std::unique_ptr<ResultsStore> store;
  std::unique_ptr<Coordinator> coordinator;
};

std::string text_of(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("a rank that says hello is told its settings and how many workers it has") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  const auto told = play.told<message::Configure>(1);
  REQUIRE(told.size() == 1);
  CHECK(told[0].settings == "settings");
  CHECK(told[0].n_workers == 1);
}

TEST_CASE("an idle worker is handed one trial, by the number that the results file has for it") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  const message::Run run = play.idle(1);
  CHECK(run.of.worker == 0);
  CHECK(run.of.attempt == 1);
  CHECK(run.key == play.spec(run.of.trial).key());
  CHECK(run.request ==
        run_line(play.spec(run.of.trial), 1, play.store->checkpoint_path(run.of.trial)));
  CHECK(play.record(run.of.trial).state == TrialState::running);
  CHECK(play.record(run.of.trial).rank == 1);
  CHECK(play.idle(0).of.trial != run.of.trial);
  CHECK(play.n(TrialState::running) == 2);
}

TEST_CASE("all trials done: every rank is told to leave with exit code 0") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  CHECK_FALSE(play.coordinator->finished(play.now));
  play.work({0, 1});
  CHECK(play.n(TrialState::done) == 8);
  CHECK(play.coordinator->progress(play.now).rounds == 8 * example::n_rounds);
  CHECK(play.end() == ExitCode::ok);
  for (const int rank : {0, 1}) {
    const auto leave = play.told<message::Leave>(rank);
    REQUIRE(leave.size() == 1);
    CHECK(leave[0].code == ExitCode::ok);
    CHECK_FALSE(leave[0].rank_lost);
  }
  CHECK(play.coordinator->dismissed(play.now));
}

TEST_CASE("a round is in the journal once, byte for byte as the engine wrote it") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  const message::Run run = play.idle(1);
  const std::string line = Play::line(play.spec(run.of.trial), 0);
  play.say(1, message::Round{run.of, line});
  play.say(1, message::Round{run.of, line});                                       // sent again
  play.say(1, message::Round{run.of, Play::line(play.spec(run.of.trial), 0, 2)});  // times differ
  play.pass(0.1);
  const std::string journal = text_of(folder.file("x.journal"));
  const std::size_t first = journal.find(" " + line + "\n");
  CHECK(first != std::string::npos);
  CHECK(journal.find("\"type\":\"round\"", first + line.size() + 1) == std::string::npos);
  CHECK(play.store->rounds_done(run.of.trial) == 1);
}

TEST_CASE("done before all rounds have come is a failure of that start") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  const message::Run run = play.idle(1);
  play.rounds(1, run, 2);
  play.ends(1, run, Ending::done);
  CHECK(play.record(run.of.trial).state == TrialState::pending);
  CHECK(play.store->attempts(run.of.trial)[0].message == "done after 2 of 3 rounds");
}

TEST_CASE("a round of another trial, or none at all, ends the start and not the sweep") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  const message::Run run = play.idle(1);
  const int other = run.of.trial == 0 ? 1 : 0;
  play.say(1, message::Round{run.of, Play::line(play.spec(other), 0)});
  CHECK(play.record(run.of.trial).state == TrialState::pending);
  CHECK(play.store->rounds_done(other) == 0);
  const message::Run next = play.idle(1);
  play.say(1, message::Round{next.of, "{\"type\":\"round\",\"key\":7}"});
  CHECK(play.store->attempts(next.of.trial).back().outcome == "failed");
  CHECK(play.store->attempts(next.of.trial).back().message.find("trial") != std::string::npos);
  play.work({0, 1});
  CHECK(play.end() == ExitCode::ok);
}

TEST_CASE("the trial of an engine that died is handed out again; a third failure is final") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"), 1, {example::grid()[0]});
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const message::Run run = play.idle(0);
    CHECK(run.of.attempt == attempt);
    play.rounds(0, run, 1);
    play.ends(0, run, Ending::failed, "was killed");
  }
  CHECK(play.record(0).state == TrialState::failed);
  CHECK(play.record(0).error == "was killed");
  CHECK(play.store->rounds_done(0) == 1);
  CHECK(play.end() == ExitCode::failed_trials);
}

TEST_CASE("a worker that waits is given the trial that another one failed on") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"), 2, {example::grid()[0]});
  const message::Run run = play.idle(0);
  play.say(1, message::Idle{0, "cpu"});
  CHECK(play.told<message::Run>(1).empty());
  play.ends(0, run, Ending::failed, "was killed");
  play.pass(0.1);
  REQUIRE(play.told<message::Run>(1).size() == 1);
}

TEST_CASE("a host on which three trials fail at once gets no more work, and they are forgiven") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"), 2, example::grid(), {"good", "bad"});
  play.idle(0);  // the good host works on something
  std::vector<int> failed;
  while (failed.size() < 3) {
    const message::Run run = play.idle(1);
    if (std::count(failed.begin(), failed.end(), run.of.trial) == 0) failed.push_back(run.of.trial);
    play.ends(1, run, Ending::failed, "no such device");
  }
  play.say(1, message::Idle{0, "cpu"});
  CHECK(play.told<message::Run>(1).empty());
  for (const int trial : failed) CHECK(play.record(trial).state == TrialState::pending);
  CHECK_FALSE(play.coordinator->finished(play.now));
}

TEST_CASE("draining hands out nothing, blames nobody, and the sweep is unfinished") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  const message::Run run = play.idle(1);
  play.say(0, message::DrainWish{});
  REQUIRE(play.coordinator->drain_wished());
  play.coordinator->drain(play.now, 30.0);
  CHECK(play.told<message::Drain>(1).size() == 1);
  play.say(0, message::Idle{0, "cpu"});
  CHECK(play.told<message::Run>(0).empty());
  play.rounds(1, run, 1);
  CHECK_FALSE(play.coordinator->finished(play.now));
  SECTION("once the round in progress has ended") {
    play.ends(1, run, Ending::stopped);
  }
  SECTION("when patience is over") {
    play.pass(31.0);
  }
  CHECK(play.end() == ExitCode::unfinished);
  CHECK(play.record(run.of.trial).state == TrialState::pending);
  CHECK(play.store->blamed(run.of.trial) == 0);
  CHECK(play.store->rounds_done(run.of.trial) == 1);
}

TEST_CASE("a larger grid runs what is new; a smaller one keeps the others' numbers and rows") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  Play(file, 1, example::grid({2})).work({0});
  {
    Play larger(file, 1, example::grid({1, 2}));
    REQUIRE(larger.store->trials().size() == 8);
    CHECK(larger.coordinator->progress(larger.now).done == 4);
    const message::Run run = larger.idle(0);
    CHECK(run.of.trial >= 4);
    CHECK(larger.spec(run.of.trial).seed == 1);
    larger.ends(0, run, Ending::stopped);
  }
  Play smaller(file, 1, {example::grid({1})[2]});
  CHECK(smaller.coordinator->progress(smaller.now).n_trials == 1);
  CHECK(smaller.coordinator->progress(smaller.now).rounds_total == example::n_rounds);
  const message::Run run = smaller.idle(0);
  CHECK(run.key == example::grid({1})[2].key());
  smaller.rounds(0, run);
  smaller.ends(0, run, Ending::done);
  CHECK(smaller.end() == ExitCode::ok);
  CHECK(smaller.n(TrialState::done) == 5);
  CHECK(smaller.n(TrialState::pending) == 3);
}

TEST_CASE("the trial of a silent rank goes to another; what the rank says later still counts") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"), 3, {example::grid()[0]});
  const message::Run run = play.idle(1);
  play.say(2, message::Idle{0, "cpu"});
  CHECK(play.told<message::Run>(2).empty());
  for (int second = 0; second < 62; ++second) {
    for (const int rank : {0, 2}) play.say(rank, message::Heartbeat{});
    play.pass(1.0);
  }
  CHECK(play.coordinator->lost_ranks());
  const auto again = play.told<message::Run>(2);
  REQUIRE(again.size() == 1);
  CHECK(again[0].of.trial == run.of.trial);
  CHECK(again[0].of.attempt == 2);
  CHECK(play.store->blamed(0) == 0);

  play.rounds(1, run);  // it was only slow
  play.ends(1, run, Ending::failed, "late");
  CHECK(play.record(0).state == TrialState::running);  // of rank 2's start it says nothing
  CHECK(play.store->rounds_done(0) == 3);
  play.ends(2, again[0], Ending::done);
  CHECK(play.end() == ExitCode::ok);
  const auto leave = play.told<message::Leave>(2);
  REQUIRE(leave.size() == 1);
  CHECK(leave[0].rank_lost);
}

TEST_CASE("nothing is sent to a rank that has not been heard of just now") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"), 2, {example::grid()[0]});
  const message::Run run = play.idle(0);
  play.say(1, message::Idle{0, "cpu"});
  for (int second = 0; second < 10; ++second) {
    play.say(0, message::Heartbeat{});
    play.pass(1.0);
  }
  play.told<message::Going>(1);
  play.ends(0, run, Ending::failed, "was killed");
  play.pass(0.1);
  CHECK(play.told<message::Run>(1).empty());
  play.say(1, message::Heartbeat{});
  CHECK(play.told<message::Going>(1).size() == 1);
}

TEST_CASE("where no worker starts, the sweep ends with the reason and its exit code") {
  const ScratchFolder folder;
  Play play(folder.file("x.h5"));
  play.say(0, message::Retired{0, ExitCode::data, "tiles.h5: no such file"});
  CHECK_FALSE(play.coordinator->finished(play.now));  // rank 1's may start yet
  play.say(1, message::Retired{0, ExitCode::data, "tiles.h5: no such file"});
  REQUIRE(play.coordinator->finished(play.now));
  play.coordinator->finish(play.now);
  try {
    play.coordinator->result();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::data);
    CHECK(std::string(error.what()) == "no worker starts: tiles.h5: no such file");
  }
}
