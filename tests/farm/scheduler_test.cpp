#include <numeric>
#include <queue>
#include <tuple>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/farm/scheduler.hpp>

using namespace al_mpi;

namespace {

std::vector<PlannedTrial> trials_of(const std::vector<std::pair<std::string, double>>& groups) {
  std::vector<PlannedTrial> trials;
  for (const auto& [group, cost] : groups) {
    trials.emplace_back();
    trials.back().group = group;
    trials.back().prior_cost = cost;
  }
  return trials;
}

std::vector<PlannedTrial> alike(int n) {
  return std::vector<PlannedTrial>(static_cast<std::size_t>(n));
}

}  // namespace

TEST_CASE("the longest trials by prior cost are handed out first, equal ones in grid order") {
  Scheduler scheduler(
      trials_of({{"short", 1}, {"long", 5}, {"short", 1}, {"long", 5}, {"middle", 2}}));
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) order.push_back(*scheduler.next(scheduler.add_worker("h", 0), 0));
  CHECK(order == std::vector<int>{1, 3, 4, 0, 2});
  CHECK_FALSE(scheduler.next(scheduler.add_worker("h", 0), 0));
}

TEST_CASE("a learnt duration reorders the groups") {
  Scheduler scheduler(trials_of({{"a", 3}, {"b", 2}, {"a", 3}, {"b", 2}, {"c", 1}}));
  const int first = scheduler.add_worker("h", 0);
  const int second = scheduler.add_worker("h", 0);
  REQUIRE(scheduler.next(first, 0) == 0);  // a
  CHECK(scheduler.ended(first, 0, Ending::done, 10) ==
        Verdict::done);  // a costs 10, b is guessed at 20/3
  REQUIRE(scheduler.next(first, 10) == 2);
  REQUIRE(scheduler.next(second, 10) == 1);      // b
  scheduler.ended(second, 1, Ending::done, 60);  // b costs 50
  CHECK(scheduler.next(second, 60) == 3);
}

TEST_CASE("a worker that runs a trial may not ask for another") {
  Scheduler scheduler(alike(2));
  const int worker = scheduler.add_worker("h", 0);
  scheduler.next(worker, 0);
  CHECK_THROWS_AS(scheduler.next(worker, 0), InternalError);
}

TEST_CASE("trials started by an earlier farm come first, done and failed ones never") {
  std::vector<PlannedTrial> trials =
      trials_of({{"long", 9}, {"a", 1}, {"a", 1}, {"a", 1}, {"a", 1}});
  trials[1].rest = 0.5;
  trials[1].state = TrialState::running;  // left by a killed farm
  trials[2].state = TrialState::done;
  trials[3].state = TrialState::failed;
  Scheduler scheduler(trials);
  CHECK(scheduler.n(TrialState::pending) == 3);
  const int a = scheduler.add_worker("h", 0);
  const int b = scheduler.add_worker("h", 0);
  const int c = scheduler.add_worker("h", 0);
  CHECK(scheduler.next(a, 0) == 1);
  CHECK(scheduler.next(b, 0) == 0);
  CHECK(scheduler.next(c, 0) == 4);
}

TEST_CASE("a trial that fails is tried again up to max_attempts, then it is failed") {
  Scheduler scheduler(alike(1), {3, 0.0, 3});
  const int worker = scheduler.add_worker("h", 0);
  for (const Verdict expected : {Verdict::again, Verdict::again, Verdict::failed}) {
    REQUIRE(scheduler.next(worker, 0) == 0);
    CHECK(scheduler.ended(worker, 0, Ending::failed, 1) == expected);
  }
  CHECK_FALSE(scheduler.next(worker, 1));
  CHECK(scheduler.n(TrialState::failed) == 1);
  CHECK(scheduler.finished());
}

TEST_CASE("failures under an earlier farm count") {
  std::vector<PlannedTrial> trials = alike(1);
  trials[0].failures = 2;
  Scheduler scheduler(trials, {3, 0.0, 3});
  const int worker = scheduler.add_worker("h", 0);
  scheduler.next(worker, 0);
  CHECK(scheduler.ended(worker, 0, Ending::failed, 1) == Verdict::failed);
}

TEST_CASE("wrong settings are final at once") {
  Scheduler scheduler(alike(1));
  const int worker = scheduler.add_worker("h", 0);
  scheduler.next(worker, 0);
  CHECK(scheduler.ended(worker, 0, Ending::refused, 1) == Verdict::failed);
}

TEST_CASE("a trial that fails on two hosts is quarantined") {
  Scheduler scheduler(alike(1), {5, 0.0, 3});
  const int a = scheduler.add_worker("a", 0);
  const int b = scheduler.add_worker("b", 0);
  scheduler.next(a, 0);
  REQUIRE(scheduler.ended(a, 0, Ending::failed, 1) == Verdict::again);
  scheduler.next(b, 1);
  CHECK(scheduler.ended(b, 0, Ending::failed, 2) == Verdict::quarantined);
  CHECK(scheduler.n(TrialState::quarantined) == 1);
}

TEST_CASE("a retried trial goes to another host while the first one has other work") {
  Scheduler scheduler(alike(4), {3, 0.0, 3});
  const int a = scheduler.add_worker("a", 0);
  const int b = scheduler.add_worker("b", 0);
  REQUIRE(scheduler.next(a, 0) == 0);
  scheduler.ended(a, 0, Ending::failed, 1);
  CHECK(scheduler.next(a, 1) == 1);
  CHECK(scheduler.next(b, 1) == 0);
}

TEST_CASE("lost workers and drained trials are not blamed, and their trials come first again") {
  Scheduler scheduler(alike(3), {1, 60.0, 3});
  const int a = scheduler.add_worker("h", 0);
  const int b = scheduler.add_worker("h", 0);
  REQUIRE(scheduler.next(a, 0) == 0);
  scheduler.round_done(0, 0.7);
  CHECK(scheduler.remove_worker(a, 5) == 0);
  CHECK(scheduler.n_workers() == 1);
  REQUIRE(scheduler.next(b, 5) == 0);
  CHECK(scheduler.ended(b, 0, Ending::stopped, 6) == Verdict::again);
  CHECK(scheduler.next(b, 6) == 0);
}

TEST_CASE("a worker given up may still finish its trial, and nothing else of it counts") {
  Scheduler scheduler(alike(2), {1, 0.0, 3});
  const int a = scheduler.add_worker("h", 0);
  const int b = scheduler.add_worker("h", 0);
  REQUIRE(scheduler.next(a, 0) == 0);
  scheduler.round_done(0, 0.5);
  scheduler.remove_worker(a, 1);
  SECTION("before anybody took it over") {
    CHECK(scheduler.ended(a, 0, Ending::done, 2) == Verdict::done);
    CHECK(scheduler.next(b, 2) == 1);
  }
  SECTION("while another worker runs it") {
    REQUIRE(scheduler.next(b, 1) == 0);
    CHECK(scheduler.ended(a, 0, Ending::failed, 2) == Verdict::ignored);
    CHECK(scheduler.ended(a, 0, Ending::done, 3) == Verdict::done);
    CHECK(scheduler.ended(b, 0, Ending::done, 4) == Verdict::ignored);
    CHECK(scheduler.next(b, 4) == 1);
    CHECK(scheduler.n(TrialState::done) == 1);
  }
}

TEST_CASE("three quick failures of different trials end a host and are forgiven") {
  Scheduler scheduler(alike(6), {2, 60.0, 3});
  const int bad = scheduler.add_worker("bad", 0);
  const int good = scheduler.add_worker("good", 0);
  std::vector<int> victims;
  for (int i = 0; i < 3; ++i) {
    victims.push_back(*scheduler.next(bad, i));
    REQUIRE(scheduler.ended(bad, victims.back(), Ending::failed, i + 1) == Verdict::again);
  }
  CHECK(victims == std::vector<int>{0, 1, 2});
  CHECK(scheduler.host_quarantined("bad"));
  CHECK_FALSE(scheduler.next(bad, 4));
  // Forgiven: with max_attempts 2, another failure elsewhere is the first.
  REQUIRE(scheduler.next(good, 4) == 0);
  CHECK(scheduler.ended(good, 0, Ending::failed, 100) == Verdict::again);
}

TEST_CASE("what a host's other workers still report after its end is forgiven too") {
  Scheduler scheduler(alike(8), {2, 60.0, 3});
  const int good = scheduler.add_worker("good", 0);
  std::vector<int> bad;
  for (int i = 0; i < 4; ++i) bad.push_back(scheduler.add_worker("bad", 0));
  for (int i = 0; i < 4; ++i) REQUIRE(scheduler.next(bad[static_cast<std::size_t>(i)], 0) == i);
  for (int i = 0; i < 4; ++i) {
    CHECK(scheduler.ended(bad[static_cast<std::size_t>(i)], i, Ending::failed, 1) ==
          Verdict::again);
  }
  REQUIRE(scheduler.host_quarantined("bad"));
  for (int i = 0; i < 4; ++i) {  // on a second host, yet blamed for the first time
    REQUIRE(scheduler.next(good, 100) == i);
    CHECK(scheduler.ended(good, i, Ending::failed, 200) == Verdict::again);
  }
}

TEST_CASE("what a host cannot read is tried on another one, and three such trials end the host") {
  Scheduler scheduler(alike(6), {1, 60.0, 3});
  const int bad = scheduler.add_worker("bad", 0);
  const int good = scheduler.add_worker("good", 0);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(scheduler.next(bad, 100 * i) == i);
    CHECK(scheduler.ended(bad, i, Ending::unreadable, 100 * i + 99) == Verdict::again);
  }
  CHECK(scheduler.host_quarantined("bad"));
  for (int i = 0; i < 6; ++i) {
    const int trial = *scheduler.next(good, 400);
    CHECK(scheduler.ended(good, trial, Ending::done, 401) == Verdict::done);
  }
}

TEST_CASE("a trial that a host cannot read never goes back to it while another one may try") {
  Scheduler scheduler(alike(1), {3, 60.0, 3});
  const int bad = scheduler.add_worker("bad", 0);
  const int good = scheduler.add_worker("good", 0);
  REQUIRE(scheduler.next(bad, 0) == 0);
  CHECK(scheduler.ended(bad, 0, Ending::unreadable, 1) == Verdict::again);
  CHECK_FALSE(scheduler.next(bad, 2));
  SECTION("it does") {
    CHECK(scheduler.next(good, 2) == 0);
  }
  SECTION("it is gone, so that the trial gets its verdict") {
    scheduler.remove_worker(good, 2);
    REQUIRE(scheduler.next(bad, 3) == 0);
    CHECK(scheduler.ended(bad, 0, Ending::unreadable, 4) == Verdict::failed);
    CHECK(scheduler.finished());
  }
}

TEST_CASE("what nobody can read fails on the third host, or on the last") {
  const int n_hosts = GENERATE(1, 2, 5);
  Scheduler scheduler(alike(1), {9, 60.0, 3});
  std::vector<int> workers;
  for (int i = 0; i < n_hosts; ++i) workers.push_back(scheduler.add_worker(std::to_string(i), 0));
  int tried = 0;
  for (const int worker : workers) {
    if (scheduler.n(TrialState::failed) > 0) break;
    REQUIRE(scheduler.next(worker, tried) == 0);
    scheduler.ended(worker, 0, Ending::unreadable, tried);
    ++tried;
  }
  CHECK(tried == std::min(n_hosts, 3));
  CHECK(scheduler.n(TrialState::failed) == 1);
}

TEST_CASE("slow failures, the same trial again, or a success between do not end a host") {
  Scheduler scheduler(alike(9), {9, 60.0, 3});
  const int a = scheduler.add_worker("a", 0);
  scheduler.add_worker("b", 0);
  const auto fail = [&](double seconds) {
    const int trial = *scheduler.next(a, 0);
    scheduler.ended(a, trial, Ending::failed, seconds);
  };
  fail(61), fail(61), fail(61);
  CHECK_FALSE(scheduler.host_quarantined("a"));
  fail(1), fail(1);
  scheduler.ended(a, *scheduler.next(a, 0), Ending::done, 1);
  fail(1), fail(1);
  CHECK_FALSE(scheduler.host_quarantined("a"));
  fail(1);
  CHECK(scheduler.host_quarantined("a"));
}

TEST_CASE("the last healthy host is never quarantined, so every trial gets its verdict") {
  Scheduler scheduler(alike(5), {1, 60.0, 3});
  const int worker = scheduler.add_worker("only", 0);
  for (int i = 0; i < 5; ++i)
    scheduler.ended(worker, *scheduler.next(worker, i), Ending::failed, i);
  CHECK(scheduler.n(TrialState::failed) == 5);
  CHECK(scheduler.finished());
}

TEST_CASE("a draining farm hands out nothing and is finished when nothing runs") {
  Scheduler scheduler(alike(3));
  const int a = scheduler.add_worker("h", 0);
  const int b = scheduler.add_worker("h", 0);
  scheduler.next(a, 0);
  scheduler.drain();
  CHECK_FALSE(scheduler.next(b, 1));
  CHECK_FALSE(scheduler.finished());
  scheduler.ended(a, 0, Ending::stopped, 2);
  CHECK(scheduler.finished());
  CHECK(scheduler.n(TrialState::pending) == 3);
}

TEST_CASE("without any worker left the farm is finished, though trials are pending") {
  Scheduler scheduler(alike(3));
  const int a = scheduler.add_worker("h", 0);
  scheduler.next(a, 0);
  scheduler.remove_worker(a, 1);
  CHECK(scheduler.finished());
  CHECK(scheduler.n(TrialState::pending) == 3);
}

TEST_CASE("the estimate of the rest and the busy share follow the clock") {
  Scheduler scheduler(alike(4));
  const int a = scheduler.add_worker("h", 0);
  const int b = scheduler.add_worker("h", 0);
  CHECK_FALSE(scheduler.seconds_left());
  scheduler.next(a, 0);
  scheduler.ended(a, 0, Ending::done, 10);
  CHECK(*scheduler.seconds_left() == Approx(15.0));  // three trials of 10 s on two workers
  CHECK(scheduler.busy_share(10) == Approx(0.5));
  scheduler.next(a, 10);
  scheduler.next(b, 10);
  CHECK(scheduler.busy_share(20) == Approx(0.75));
}

TEST_CASE("whatever happens, every trial ends exactly once and states add up") {
  for (std::int64_t seed = 0; seed < 200; ++seed) {
    RngStream random(seed, "scheduler_test");
    const int n_trials = 1 + static_cast<int>(random.below(30));
    std::vector<PlannedTrial> trials;
    for (int i = 0; i < n_trials; ++i) {
      trials.emplace_back();
      trials.back().group = std::string(1, static_cast<char>('a' + random.below(4)));
      trials.back().prior_cost = 1.0 + random.uniform();
    }
    Scheduler scheduler(trials, {1 + static_cast<int>(random.below(3)), 60.0, 3});
    std::vector<int> ends(trials.size(), 0);
    std::vector<int> workers;
    double now = 0;
    for (int step = 0; step < 5000 && !(scheduler.finished() && step > 0);
         ++step, now += random.uniform()) {
      if (workers.empty() || random.below(20) == 0) {
        workers.push_back(
            scheduler.add_worker(std::string(1, static_cast<char>('A' + random.below(4))), now));
      }
      const std::size_t pick = random.below(workers.size());
      const int worker = workers[pick];
      const int trial = scheduler.trial_of(worker);
      if (random.below(25) == 0) {
        scheduler.remove_worker(worker, now);
        if (trial >= 0 && random.below(2) == 0) {
          ends[static_cast<std::size_t>(trial)] +=
              scheduler.ended(worker, trial, Ending::done, now) == Verdict::done;
        }
        workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(pick));
      } else if (trial < 0) {
        scheduler.next(worker, now);
      } else {
        const auto ending = static_cast<Ending>(random.below(4));
        const Verdict verdict = scheduler.ended(worker, trial, ending, now);
        ends[static_cast<std::size_t>(trial)] += verdict == Verdict::done ||
                                                 verdict == Verdict::failed ||
                                                 verdict == Verdict::quarantined;
      }
      int sum = 0;
      for (const TrialState state : {TrialState::pending, TrialState::running, TrialState::done,
                                     TrialState::failed, TrialState::quarantined}) {
        sum += scheduler.n(state);
      }
      REQUIRE(sum == n_trials);
    }
    for (const int n_ends : ends)
      CHECK(n_ends <= 2);  // given up, then finished late by another worker
    const int ended = scheduler.n(TrialState::done) + scheduler.n(TrialState::failed) +
                      scheduler.n(TrialState::quarantined);
    CHECK(ended + scheduler.n(TrialState::pending) == n_trials);
  }
}
