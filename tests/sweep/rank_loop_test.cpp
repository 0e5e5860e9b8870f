#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

#include <stdlib.h>

#include "catch.hpp"
#include "ranks_in_process.hpp"
#include "results/sweep_example.hpp"
#include "scratch_folder.hpp"
#include "src/sweep/rank_loop.hpp"

using namespace al_mpi;

namespace {

struct Variable {
  const char* name;
  Variable(const char* variable, const char* value) : name(variable) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name); }
};

/// A channel whose rank dies: after `alive` is false every call throws, so that its thread, and
/// with it its workers, end as those of a killed rank.
struct Mortal final : Channel {
  std::unique_ptr<Channel> channel;
  std::atomic<bool> alive{true};

  explicit Mortal(std::unique_ptr<Channel> own) : channel(std::move(own)) {}
  void look() const {
    if (!alive) throw std::runtime_error("killed");
  }
  int rank() const override { return channel->rank(); }
  int size() const override { return channel->size(); }
  bool all_sent() override { return true; }
  void send(int to, Message message) override {
    look();
    channel->send(to, std::move(message));
  }
  std::optional<Received> receive() override {
    look();
    return channel->receive();
  }
};

/// The life of a sweep of two ranks, a thread each, with fake engines.
class Sweeping {
 public:
  explicit Sweeping(const ScratchFolder& folder) : folder_(folder) {
    ::signal(SIGPIPE, SIG_IGN);  // as al_mpi: an engine may be gone when it is written to
  }

  double silence = 60.0;
  std::function<void(Mortal&, ResultsStore&)> after_a_round;  ///< with rank 1's channel
  bool rank_1_has_no_engine = false;

  RankEnd run() {
    RanksInProcess ranks(2);
    const auto channel = ranks.channel(0);
    Mortal other(ranks.channel(1));
    const auto store = example::open(folder_.file("x.h5"));
    const SweepConfig config = parse_config(yaml, "test");
    CoordinatorOptions options;
    options.workers_per_rank = 1;
    options.silence = silence;
    Coordinator coordinator(*channel, *store, plan_sweep(config, example::grid(), *store), options);
    std::thread rank_1([&] {
      try {
        run_rank(other, nullptr, rank_options(other));
      } catch (const std::runtime_error&) {
      }
    });
    Observed observed(*channel, [&] {
      if (after_a_round) after_a_round(other, *store);
    });
    const RankEnd end = run_rank(observed, &coordinator, rank_options(observed));
    other.alive = false;
    rank_1.join();
    return {coordinator.result(), end.lost_peer, false};
  }

 private:
  static constexpr const char* yaml = "loop: {n_rounds: 2}\ndataset: {synthetic: {n_classes: 3}}";

  /// Rank 0's channel; calls `then` when it has received a round from rank 1.
  struct Observed final : Channel {
    Channel& channel;
    std::function<void()> then;
    Observed(Channel& own, std::function<void()> call) : channel(own), then(std::move(call)) {}
    int rank() const override { return channel.rank(); }
    int size() const override { return channel.size(); }
    bool all_sent() override { return channel.all_sent(); }
    void send(int to, Message message) override { channel.send(to, std::move(message)); }
    std::optional<Received> receive() override {
      auto received = channel.receive();
      if (!received || received->from != 1) return received;
      const auto* report = std::get_if<Report>(&received->message);
      if (report != nullptr && std::holds_alternative<message::Round>(*report)) then();
      return received;
    }
  };

  RankOptions rank_options(Channel& channel) {
    RankOptions options;
    options.make_supervisor = [&](const message::Configure& configure) {
      if (rank_1_has_no_engine && channel.rank() == 1) throw DataError("engine", "", "is not here");
      SupervisorOptions farm;
      farm.engine = {AL_FAKE_ENGINE};
      farm.configuration.yaml = yaml;
      farm.gpus.resize(static_cast<std::size_t>(configure.n_workers));
      farm.log_folder = folder_.file("logs");
      return std::make_unique<Supervisor>(channel, std::move(farm));
    };
    return options;
  }

  const ScratchFolder& folder_;
};

ResultsTables results(const ScratchFolder& folder) {
  return read_results(folder.file("x.h5"));
}

void check_whole(const ResultsTables& tables) {
  CHECK(tables.complete);
  CHECK(tables.rounds.trial.size() == 8 * example::n_rounds);
}

}  // namespace

TEST_CASE("two ranks do a sweep together") {
  const ScratchFolder folder;
  CHECK(Sweeping(folder).run().code == ExitCode::ok);
  const ResultsTables tables = results(folder);
  check_whole(tables);
  std::set<int> ranks;
  for (const TrialRecord& trial : tables.trials) {
    ranks.insert(trial.rank);
    CHECK(trial.attempts == 1);
  }
  CHECK(ranks.size() == 2);
}

TEST_CASE("engines that are killed are replaced and their trials resume where they were") {
  const ScratchFolder folder;
  CHECK(Sweeping(folder).run().code == ExitCode::ok);
  const ResultsTables undisturbed = results(folder);
  const ScratchFolder other;
  const Variable fault("AL_MPI_FAULT", "kill@1");
  CHECK(Sweeping(other).run().code == ExitCode::ok);
  const ResultsTables tables = results(other);
  check_whole(tables);
  for (const TrialRecord& trial : tables.trials) CHECK(trial.attempts == 2);
  CHECK(tables.rounds.metrics.at("accuracy") == undisturbed.rounds.metrics.at("accuracy"));
  CHECK(tables.picks.index == undisturbed.picks.index);
}

TEST_CASE("a wish to drain on any rank stops the sweep after a round; the next start ends it") {
  const ScratchFolder folder;
  {
    const Variable slow("FAKE_ENGINE_SECONDS", "0.05");
    Sweeping sweeping(folder);
    sweeping.after_a_round = [](Mortal& rank_1, ResultsStore&) {
      rank_1.channel->send(0, message::DrainWish{});
    };
    CHECK(sweeping.run().code == ExitCode::unfinished);
  }
  const ResultsTables half = results(folder);
  CHECK_FALSE(half.complete);
  CHECK_FALSE(half.rounds.trial.empty());
  for (const TrialRecord& trial : half.trials) CHECK(trial.state != TrialState::running);
  CHECK(Sweeping(folder).run().code == ExitCode::ok);
  check_whole(results(folder));
}

TEST_CASE("a rank that is killed in the middle of a trial costs nothing but time") {
  const ScratchFolder folder;
  Sweeping sweeping(folder);
  sweeping.silence = 2.0;
  sweeping.after_a_round = [](Mortal& rank_1, ResultsStore&) { rank_1.alive = false; };
  const RankEnd end = sweeping.run();
  CHECK(end.code == ExitCode::ok);
  CHECK(end.lost_peer);
  const ResultsTables tables = results(folder);
  check_whole(tables);
  CHECK(std::count_if(tables.attempts.begin(), tables.attempts.end(), [](const auto& attempt) {
          return attempt.outcome == "interrupted" && attempt.rank == 1;
        }) == 1);
}

TEST_CASE("a rank that cannot have engines leaves the work to the others") {
  const ScratchFolder folder;
  Sweeping sweeping(folder);
  sweeping.rank_1_has_no_engine = true;
  CHECK(sweeping.run().code == ExitCode::ok);
  const ResultsTables tables = results(folder);
  check_whole(tables);
  for (const TrialRecord& trial : tables.trials) CHECK(trial.rank == 0);
}
