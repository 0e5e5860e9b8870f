#include <chrono>
#include <fstream>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "catch.hpp"
#include "farm/temporary_folder.hpp"
#include <al_mpi/farm/supervisor.hpp>

using namespace al_mpi;
using Kind = Message::Kind;

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
    ::signal(SIGPIPE, SIG_IGN);  // as al_mpi: a child may be gone when it is written to
    supervisor.start(now());
  }

  SupervisorOptions complete(SupervisorOptions options, std::size_t n_workers) {
    options.engine = {AL_FAKE_ENGINE};
    options.config_yaml = "loop: {n_rounds: 2}";
    options.gpus.resize(n_workers);
    options.log_folder = folder.file("logs");
    return options;
  }

  Message next() {
    const double end = now() + 10;
    while (now() < end) {
      supervisor.turn(now());
      if (auto message = channel.receive()) return *message;
      ::poll(nullptr, 0, 2);
    }
    FAIL("no message in 10 s");
    return {};
  }

  void run(int trial, int attempt = 1, int slot = 0) {
    TrialSpec spec;
    spec.trial = trial;
    spec.strategy = "s";
    spec.init = "i";
    Message message;
    message.kind = Kind::run;
    message.slot = slot;
    message.trial = trial;
    message.attempt = attempt;
    message.text = run_line(spec, attempt, folder.file("checkpoint" + std::to_string(trial)));
    supervisor.handle(message, now());
  }

  Message next_but_rounds() {
    Message message = next();
    while (message.kind == Kind::line && message.text.find("\"round\"") != std::string::npos)
      message = next();
    return message;
  }
};

}  // namespace

TEST_CASE("an idle worker asks, runs a trial, relays its lines, and asks again") {
  Farm farm;
  CHECK(farm.next().kind == Kind::ask);
  farm.run(7);
  for (int round = 0; round <= 2; ++round) {
    const Message message = farm.next();
    CHECK(message.kind == Kind::line);
    CHECK(message.trial == 7);
    CHECK(parse_round(message.text).round == round);
  }
  const Message done = farm.next();
  CHECK(parse_engine_line(done.text).type == EngineLine::Type::done);
  CHECK(farm.next().kind == Kind::ask);
}

TEST_CASE(
    "a crashed child is told with its signal, replaced, and its trial resumes from the "
    "checkpoint") {
  const Variable fault("AL_MPI_FAULT", "crash@1");
  Farm farm;
  farm.next();
  farm.run(0);
  const Message died = farm.next_but_rounds();
  CHECK(died.kind == Kind::died);
  CHECK(died.trial == 0);
  CHECK(died.text == "the worker was killed by signal 11 (Segmentation fault)");
  CHECK(farm.next().kind == Kind::ask);
  farm.run(0, 2);
  CHECK(parse_round(farm.next().text).attempt == 1);  // round 0, from the checkpoint
  CHECK(parse_round(farm.next().text).attempt == 2);
}

TEST_CASE("a hanging child is killed at the stall timeout") {
  const Variable fault("AL_MPI_FAULT", "hang@1");
  SupervisorOptions options;
  options.stall_timeout = 1.0;
  Farm farm(options);
  farm.next();
  farm.run(0);
  const Message died = farm.next_but_rounds();
  CHECK(died.kind == Kind::died);
  CHECK(died.text == "no sign of life for 1 s (farm.stall_timeout)");
  CHECK(farm.next().kind == Kind::ask);
}

TEST_CASE("a child that takes too much memory is killed, one that does not is left alone") {
  const Variable fault("AL_MPI_FAULT", "leak@1");
  SupervisorOptions options;
  options.memory_limit = 300;
  Farm farm(options);
  farm.next();
  farm.run(0);
  const Message died = farm.next_but_rounds();
  CHECK(died.kind == Kind::died);
  CHECK(died.text.find(" MiB of memory, 300 are allowed (farm.memory_limit)") != std::string::npos);
  CHECK(farm.next().kind == Kind::ask);
  farm.run(0, 2);
  CHECK(parse_engine_line(farm.next_but_rounds().text).type == EngineLine::Type::done);
}

TEST_CASE("a trial that takes too long is killed though it shows signs of life") {
  const Variable slow("FAKE_ENGINE_SECONDS", "0.3");
  SupervisorOptions options;
  options.trial_timeout = 0.5;
  Farm farm(options);
  farm.next();
  farm.run(0);
  CHECK(farm.next_but_rounds().text == "not done in 0.5 s (farm.trial_timeout)");
}

TEST_CASE("after a runtime failure the child is replaced, after a data failure it goes on") {
  const auto restarted = [](const std::string& fault) {
    const Variable variable("AL_MPI_FAULT", fault);
    Farm farm;
    farm.next();
    farm.run(0);
    CHECK(parse_engine_line(farm.next_but_rounds().text).type == EngineLine::Type::failed);
    farm.run(1);  // rank 0 does not know better yet
    const Kind kind = farm.next().kind;
    return kind == Kind::returned;
  };
  CHECK(restarted("error@1"));
  CHECK_FALSE(restarted("nan@1"));
}

TEST_CASE("draining stops a trial after its round and hands back what was not begun") {
  const Variable slow("FAKE_ENGINE_SECONDS", "0.2");
  Farm farm({}, 2);
  CHECK(farm.next().kind == Kind::ask);
  CHECK(farm.next().kind == Kind::ask);
  farm.run(0, 1, 0);
  farm.supervisor.drain();
  farm.run(1, 1, 1);
  CHECK(farm.next().kind == Kind::returned);
  const Message stopped = farm.next_but_rounds();
  CHECK(parse_engine_line(stopped.text).type == EngineLine::Type::stopped);
  CHECK(stopped.trial == 0);
}

TEST_CASE("a worker that never starts is retired after three tries, with its last words") {
  const Variable mood("FAKE_ENGINE", "die");
  Farm farm;
  const Message retired = farm.next();
  CHECK(retired.kind == Kind::retired);
  CHECK(retired.text == "the worker left with exit code 1: no GPU here");
}

TEST_CASE(
    "a worker that refuses the configuration is retired at once, with the reason and its code") {
  const Variable mood("FAKE_ENGINE", "refuse");
  Farm farm;
  const Message retired = farm.next();
  CHECK(retired.kind == Kind::retired);
  CHECK(retired.text == "tiles.h5: no such file");
  CHECK(retired.attempt == static_cast<int>(ExitCode::data));
}

TEST_CASE("a worker that was given a GPU and runs on the CPU is retired at once") {
  const Variable device("FAKE_ENGINE_DEVICE", "cpu");
  SupervisorOptions options;
  options.device = "cuda";
  options.gpus = {"GPU-7"};
  Farm farm(options);
  const Message retired = farm.next();
  CHECK(retired.kind == Kind::retired);
  CHECK(retired.text == "the engine runs on cpu, farm.device is cuda and it was given GPU GPU-7");
  CHECK(retired.attempt == static_cast<int>(ExitCode::config));
}

TEST_CASE("a worker on its GPU says which when it asks") {
  SupervisorOptions options;
  options.device = "cuda";
  options.gpus = {"3"};
  Farm farm(options);
  const Message ask = farm.next();
  CHECK(ask.kind == Kind::ask);
  CHECK(ask.text == "cuda:Fake GPU 3, CUDA 1.2");
}

TEST_CASE("a program that speaks something else is no engine") {
  const Variable mood("FAKE_ENGINE", "babble");
  Farm farm;
  const Message retired = farm.next();
  CHECK(retired.kind == Kind::retired);
  CHECK(retired.text.find("is no JSON object") != std::string::npos);
}

TEST_CASE("closing ends every child") {
  Farm farm({}, 2);
  farm.next();
  farm.next();
  farm.supervisor.close();
  CHECK(farm.supervisor.descriptors().empty());
}
