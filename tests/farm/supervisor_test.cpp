#include <chrono>
#include <fstream>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "catch.hpp"
#include "farm/temporary_folder.hpp"
#include <al_mpi/farm/supervisor.hpp>

using namespace al_mpi;
using namespace al_mpi::message;

namespace {

/// A variable of the fake engine for the time of a test.
struct Variable {
  const char* name;
  Variable(const char* variable, const std::string& value) : name(variable) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name); }
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A supervisor of fake engines; the test plays rank 0.
struct Farm {
  TemporaryFolder folder;
  LocalChannel channel;
  Supervisor supervisor;

  explicit Farm(SupervisorOptions options = {}, std::size_t n_workers = 1)
      : supervisor(channel, complete(std::move(options), n_workers)) {
    ::signal(SIGPIPE, SIG_IGN);  // as al_mpi: an engine may be gone when it is written to
    supervisor.start(now());
  }

  SupervisorOptions complete(SupervisorOptions options, std::size_t n_workers) {
    if (options.engine.empty()) options.engine = {AL_FAKE_ENGINE};
    options.configuration.yaml = "loop: {n_rounds: 2}";
    options.gpus.resize(n_workers);
    options.log_folder = folder.file("logs");
    return options;
  }

  Report next() {
    const double end = now() + 10;
    while (now() < end) {
      supervisor.turn(now());
      if (auto received = channel.receive()) return std::get<Report>(received->message);
      ::poll(nullptr, 0, 2);
    }
    FAIL("no message in 10 s");
    return {};
  }

  /// The next report, which must be of this kind; rounds that come before it are passed over.
  template <class Kind>
  Kind next() {
    Report report = next();
    while (!std::is_same_v<Kind, Round> && std::holds_alternative<Round>(report)) report = next();
    REQUIRE(std::holds_alternative<Kind>(report));
    return std::get<Kind>(report);
  }

  void run(int trial, int attempt = 1, int worker = 0, const std::string& strategy = "s") {
    TrialSpec spec;
    spec.trial = trial;
    spec.strategy = "s";
    spec.init = "i";
    const std::string checkpoint = folder.file("checkpoint" + std::to_string(trial));
    const std::string request = run_line(spec, attempt, checkpoint);
    spec.strategy = strategy;
    supervisor.run({{worker, trial, attempt}, spec.key(), request}, now());
  }
};

}  // namespace

TEST_CASE("an idle worker asks, runs a trial, relays its rounds unread, and asks again") {
  Farm farm;
  farm.next<Idle>();
  farm.run(7);
  for (int round = 0; round <= 2; ++round) {
    const Round told = farm.next<Round>();
    CHECK(told.of.trial == 7);
    CHECK(parse_round(told.line).round == round);
  }
  const Ended done = farm.next<Ended>();
  CHECK(done.ending == Ending::done);
  CHECK(done.of.trial == 7);
  CHECK(done.seconds > 0);
  farm.next<Idle>();
}

TEST_CASE("an engine that answers for another trial is replaced") {
  Farm farm;
  farm.next<Idle>();
  farm.run(7, 1, 0, "another");
  const Ended ended = farm.next<Ended>();
  CHECK(ended.ending == Ending::failed);
  CHECK(ended.why == "the engine answered for trial 's/i/0'");
  farm.next<Idle>();
}

TEST_CASE(
    "a crashed engine is told with its signal, replaced, and its trial resumes from the "
    "checkpoint") {
  const Variable fault("AL_MPI_FAULT", "crash@1");
  Farm farm;
  farm.next<Idle>();
  farm.run(0);
  const Ended died = farm.next<Ended>();
  CHECK(died.ending == Ending::failed);
  CHECK(died.of.trial == 0);
  CHECK(died.why == "the engine was killed by signal 11 (Segmentation fault)");
  farm.next<Idle>();
  farm.run(0, 2);
  CHECK(parse_round(farm.next<Round>().line).attempt == 1);  // round 0, from the checkpoint
  CHECK(parse_round(farm.next<Round>().line).attempt == 2);
}

TEST_CASE("a hanging engine is killed at the stall timeout") {
  const Variable fault("AL_MPI_FAULT", "hang@1");
  SupervisorOptions options;
  options.stall_timeout = 1.0;
  Farm farm(options);
  farm.next<Idle>();
  farm.run(0);
  const Ended died = farm.next<Ended>();
  CHECK(died.ending == Ending::failed);
  CHECK(died.why == "no sign of life for 1 s (farm.stall_timeout)");
  farm.next<Idle>();
}

TEST_CASE("an engine that takes too much memory is killed, one that does not is left alone") {
  const Variable fault("AL_MPI_FAULT", "leak@1");
  SupervisorOptions options;
  options.memory_limit = 300;
  Farm farm(options);
  farm.next<Idle>();
  farm.run(0);
  const Ended died = farm.next<Ended>();
  CHECK(died.ending == Ending::failed);
  CHECK(died.why.find(" MiB of memory, 300 are allowed (farm.memory_limit)") != std::string::npos);
  farm.next<Idle>();
  farm.run(0, 2);
  CHECK(farm.next<Ended>().ending == Ending::done);
}

TEST_CASE("a trial that takes too long is killed though it shows signs of life") {
  const Variable slow("FAKE_ENGINE_SECONDS", "0.3");
  SupervisorOptions options;
  options.trial_timeout = 0.5;
  Farm farm(options);
  farm.next<Idle>();
  farm.run(0);
  CHECK(farm.next<Ended>().why == "not done in 0.5 s (farm.trial_timeout)");
}

TEST_CASE("after a runtime failure the engine is replaced, after a data failure it goes on") {
  const auto restarted = [](const std::string& fault) {
    const Variable variable("AL_MPI_FAULT", fault);
    Farm farm;
    farm.next<Idle>();
    farm.run(0);
    const Ending ending = farm.next<Ended>().ending;
    CHECK(ending == (fault == "error@1" ? Ending::failed : Ending::unreadable));
    farm.run(1);  // rank 0 does not know better yet
    const Report next = farm.next();
    return std::holds_alternative<Ended>(next) && std::get<Ended>(next).of.trial == 1;
  };
  CHECK(restarted("error@1"));
  CHECK_FALSE(restarted("nan@1"));
}

TEST_CASE("draining stops a trial after its round and hands back what was not begun") {
  const Variable slow("FAKE_ENGINE_SECONDS", "0.2");
  Farm farm({}, 2);
  farm.next<Idle>();
  farm.next<Idle>();
  farm.run(0, 1, 0);
  farm.supervisor.drain();
  farm.run(1, 1, 1);
  for (const int trial : {1, 0}) {  // what was not begun comes first
    const Ended stopped = farm.next<Ended>();
    CHECK(stopped.ending == Ending::stopped);
    CHECK(stopped.of.trial == trial);
  }
}

TEST_CASE("a worker that never starts is retired after three tries, with its last words") {
  const Variable mood("FAKE_ENGINE", "die");
  Farm farm;
  const Retired retired = farm.next<Retired>();
  CHECK(retired.why == "the engine left with exit code 1: no GPU here");
}

TEST_CASE(
    "a worker that refuses the configuration is retired at once, with the reason and its code") {
  const Variable mood("FAKE_ENGINE", "refuse");
  Farm farm;
  const Retired retired = farm.next<Retired>();
  CHECK(retired.why == "tiles.h5: no such file");
  CHECK(retired.code == ExitCode::data);
}

TEST_CASE("a worker that was given a GPU and runs on the CPU is retired at once") {
  const Variable device("FAKE_ENGINE_DEVICE", "cpu");
  SupervisorOptions options;
  options.configuration.device = DeviceKind::cuda;
  options.gpus = {"GPU-7"};
  Farm farm(options);
  const Retired retired = farm.next<Retired>();
  CHECK(retired.why == "the engine runs on cpu, farm.device is cuda and it was given GPU GPU-7");
  CHECK(retired.code == ExitCode::config);
}

TEST_CASE("a worker on its GPU says which when it asks") {
  SupervisorOptions options;
  options.configuration.device = DeviceKind::cuda;
  options.gpus = {"3"};
  Farm farm(options);
  CHECK(farm.next<Idle>().device == "cuda:Fake GPU 3, CUDA 1.2");
}

TEST_CASE("a program that speaks something else is no engine") {
  const Variable mood("FAKE_ENGINE", "babble");
  Farm farm;
  const Retired retired = farm.next<Retired>();
  CHECK(retired.why.find("is no JSON object") != std::string::npos);
}

TEST_CASE("a condemned engine's own children see the end of their input") {
  SupervisorOptions options;
  options.engine = {"/bin/sh", "-c", "cat | { echo babble; cat; }; true"};  // outlive the shell
  Farm farm(options);
  const Retired retired = farm.next<Retired>();
  CHECK(retired.why.find("is no JSON object") != std::string::npos);
}

TEST_CASE("closing ends every engine") {
  Farm farm({}, 2);
  farm.next<Idle>();
  farm.next<Idle>();
  farm.supervisor.close();
  CHECK(farm.supervisor.descriptors().empty());
}
