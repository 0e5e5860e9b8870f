// Stands in for `al_trial --serve` in tests of the farm: speaks docs/protocols.md, keeps real
// checkpoints, obeys AL_MPI_FAULT and AL_MPI_CRASH_AT, learns nothing. A round's numbers are a hash
// of (key, round). FAKE_ENGINE: "refuse" (does not take the configuration and waits for another, as
// the engine does), "die" (leaves at once), "babble" (no protocol), "unreadable" (a file of each
// trial cannot be read), "no-op" (no checkpoints: what is left is the farm). FAKE_ENGINE_SECONDS:
// duration of a round, default 0.01. FAKE_ENGINE_GPUS: how many it can use, default all that
// CUDA_VISIBLE_DEVICES names. FAKE_ENGINE_DEVICE: what it runs on, default what is wanted.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "src/engine/checkpoint.hpp"
#include "src/engine/fault.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/trial/json.hpp>

namespace {

using namespace al_mpi;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

std::string variable(const char* name, const char* otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : text;
}

void say(const json& line) {
  const std::string text = line.dump() + "\n";
  if (::write(1, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::exit(1);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Standard input as lines.
class Requests {
 public:
  json next() {
    while (text_.find('\n') == std::string::npos) read(-1);
    const std::size_t end = text_.find('\n');
    json line = json::parse(text_.substr(0, end));
    text_.erase(0, end + 1);
    return line;
  }

  /// Computes for `seconds`: reads what comes, and leaves where nobody will read an answer.
  void wait(double seconds) {
    for (const auto begin = Clock::now(); seconds_since(begin) < seconds;) {
      read(static_cast<int>(1e3 * (seconds - seconds_since(begin))) + 1);
    }
  }

  bool draining() {
    read(0);
    return text_.find("\"drain\"") != std::string::npos;
  }

 private:
  void read(int milliseconds) {
    pollfd input{0, POLLIN, 0};
    if (::poll(&input, 1, milliseconds) == 0) return;
    char bytes[65536];
    const ssize_t size = ::read(0, bytes, sizeof bytes);
    if (size <= 0) std::_Exit(0);
    text_.append(bytes, static_cast<std::size_t>(size));
  }

  std::string text_;
};

class Engine {
 public:
  void serve() {
    for (;;) {
      const json request = requests_.next();
      if (request.at("type") == "configure") {
        const SweepConfig config = parse_config(request.at("config").get<std::string>(), "rank");
        n_rounds_ = static_cast<int>(config.loop.n_rounds);
        n_cells_ = static_cast<std::size_t>(config.dataset.synthetic.n_classes *
                                            config.dataset.synthetic.n_classes);
        say({{"type", "ready"},
             {"device", device_for(request.value("device", ""))},
             {"host", "fake"},
             {"pid", ::getpid()},
             {"versions", {{"libtorch", "none"}}}});
      } else if (request.at("type") == "run") {
        answer(request);
      }
    }
  }

 private:
  static std::string device_for(const std::string& wanted) {
    const std::string gpu = "cuda:Fake GPU " + variable("CUDA_VISIBLE_DEVICES", "0") + ", CUDA 1.2";
    return variable("FAKE_ENGINE_DEVICE", wanted == "cuda" ? gpu.c_str() : "cpu");
  }

  void answer(const json& request) {
    const auto spec = request.at("trial").get<TrialSpec>();
    const int attempt = request.at("attempt").get<int>();
    const auto failed = [&](const char* kind, const char* message) {
      say({{"type", "failed"},
           {"key", spec.key()},
           {"attempt", attempt},
           {"kind", kind},
           {"message", message}});
    };
    if (variable("FAKE_ENGINE", "") == "unreadable") {
      return failed("data", "tiles.h5: Input/output error");
    }
    try {
      run(spec, attempt, request.at("checkpoint").get<std::string>());
    } catch (const DataError& error) {
      failed("data", error.what());
    } catch (const std::exception& error) {
      failed("runtime", error.what());
    }
  }

  void run(const TrialSpec& spec, int attempt, const std::string& file) {
    const auto begin = Clock::now();
    Checkpoint state;
    if (auto found = load_checkpoint(file)) state = std::move(*found);
    state.key = spec.key();
    for (const RoundRecord& record : state.rounds) report(record);
    while (static_cast<int>(state.rounds.size()) <= n_rounds_) {
      const int round = static_cast<int>(state.rounds.size());
      requests_.wait(seconds_);
      inject_fault(state.key, round, attempt);
      state.rounds.push_back(record(spec, round, attempt));
      if (checkpoints_) save(file, state);
      report(state.rounds.back());
      if (checkpoints_ && requests_.draining()) {
        return say({{"type", "stopped"}, {"key", state.key}, {"attempt", attempt}});
      }
    }
    say({{"type", "done"},
         {"key", state.key},
         {"attempt", attempt},
         {"seconds", seconds_since(begin)}});
  }

  static void save(const std::string& file, const Checkpoint& state) {
    try {
      save_checkpoint(file, state);
    } catch (const DataError& error) {  // as the engine: a full disk may cost the rounds so far
      std::cerr << error.what() << '\n';
    }
  }

  RoundRecord record(const TrialSpec& spec, int round, int attempt) const {
    const std::uint64_t hash = stable_hash(fmt::format("{}|{}", spec.key(), round));
    const double value = static_cast<double>(hash >> 11) / 9007199254740992.0;  // 2^53
    RoundRecord record;
    record.trial = spec.trial;
    record.key = spec.key();
    record.round = round;
    record.attempt = attempt;
    record.n_labeled = 8 * (round + 1);
    for (int i = 0; i < 8; ++i) record.picks.push_back({8 * round + i, i % 2, value});
    record.metrics = {{"accuracy", value}, {"seconds_train", 0.01}};
    record.confusion.assign(n_cells_, round);
    record.weights_hash = to_hex(hash);
    return record;
  }

  static void report(const RoundRecord& record) {
    json line = record;
    line["type"] = "round";
    say(line);
  }

  Requests requests_;
  int n_rounds_ = 0;
  std::size_t n_cells_ = 0;
  const double seconds_ = std::atof(variable("FAKE_ENGINE_SECONDS", "0.01").c_str());
  const bool checkpoints_ = variable("FAKE_ENGINE", "") != "no-op";
};

int tell_devices() {
  const std::string visible = variable("CUDA_VISIBLE_DEVICES", "");
  const auto n_named = visible.empty() ? 0 : 1 + std::count(visible.begin(), visible.end(), ',');
  const auto n = std::stoul(variable("FAKE_ENGINE_GPUS", std::to_string(n_named).c_str()));
  say({{"type", "devices"},
       {"gpus", std::vector<std::string>(n, "Fake GPU")},
       {"why_none", n == 0 ? "it is a fake" : ""}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string parent = std::to_string(::getppid());
  if (variable("AL_MPI_PARENT_PID", parent.c_str()) != parent) return 1;  // the rank is gone
  const std::string mood = variable("FAKE_ENGINE", "");
  if (argc > 1 && std::string(argv[1]) == "--devices") return tell_devices();
  if (mood == "die") {
    std::fputs("no GPU here\n", stderr);
    return 1;
  }
  if (mood == "refuse") {
    say({{"type", "failed"},
         {"key", ""},
         {"attempt", 0},
         {"kind", "data"},
         {"message", "tiles.h5: no such file"}});
    for (char byte; ::read(0, &byte, 1) > 0;) continue;
    return 0;
  }
  if (mood == "babble") std::puts("I am not an engine"), std::fflush(stdout);
  Engine().serve();
}
