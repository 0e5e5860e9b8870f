#include <al_mpi/sweep/check_engine.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/temp_folder.hpp>
#include <al_mpi/catalog/metrics.hpp>
#include <al_mpi/farm/engine_process.hpp>
#include <al_mpi/trial/engine_line.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Rounds = std::vector<RoundRecord>;
using Type = EngineLine::Type;

constexpr double patience_to_leave = 5.0;  // seconds, as the farm's

/// A rule that the engine broke, in words.
struct Broken {
  std::string how;
};

template <class... Args>
[[noreturn]] void broken(fmt::format_string<Args...> how, Args&&... args) {
  throw Broken{fmt::format(how, std::forward<Args>(args)...)};
}

template <class... Args>
void demand(bool holds, fmt::format_string<Args...> how, Args&&... args) {
  if (!holds) broken(how, std::forward<Args>(args)...);
}

/// One process of the engine, and what is asked of it.
class Engine {
 public:
  Engine(const EngineCheckOptions& options, const std::string& log)
      : options_(options),
        log_(log),
        process_({options.config.farm.engine.command, environment(options), log}) {}

  void send(const std::string& line) { process_.send(line); }
  void kill() { process_.kill(); }

  /// Its answer to `configure`.
  EngineLine configure() {
    const SweepConfig& config = options_.config;
    send(configure_line({to_yaml(config), settings_json(config), config.farm.device,
                         static_cast<int>(config.farm.threads)}));
    EngineLine line = next();
    while (line.type == Type::alive) line = next();
    return line;
  }

  void start() {
    const EngineLine line = configure();
    demand(line.type != Type::failed, "it answers 'configure' with 'failed': {}", line.message);
    demand(line.type == Type::ready, "it answers 'configure' with '{}', not with 'ready'",
           name_of(line.type));
    demand(line.device == "cpu" || line.device.rfind("cuda:", 0) == 0,
           "'ready' says device '{}', not 'cpu' or 'cuda:NAME'", line.device);
    const DeviceKind wanted = options_.config.farm.device;
    demand(line.runs_on(wanted), "'ready' says device '{}', farm.device is {}", line.device,
           name_of(wanted));
  }

  /// The next line; the record of a round goes to `round`.
  EngineLine next(RoundRecord* round = nullptr) {
    const std::string text = read();
    try {
      EngineLine line = parse_engine_line(text);
      if (line.type == Type::round && round != nullptr) *round = parse_round(text);
      return line;
    } catch (const DataError& error) {
      broken(
          "it writes '{}' on standard output ({}); what is no line of the protocol belongs on "
          "standard error",
          text.substr(0, 60), error.what());
    }
  }

  /// Closes its input; its exit.
  std::string leave() {
    process_.close_input();
    const auto end = Clock::now() + std::chrono::duration<double>(patience_to_leave);
    while (Clock::now() < end) {
      while (process_.read_line()) continue;
      if (const std::string how = process_.ended(); !how.empty()) return how;
      ::poll(nullptr, 0, 10);
    }
    return fmt::format("did not leave in {:g} s", patience_to_leave);
  }

  pid_t pid() const { return process_.pid(); }

 private:
  static std::vector<std::string> environment(const EngineCheckOptions& options) {
    return {fmt::format("OMP_NUM_THREADS={}", options.config.farm.threads)};
  }

  std::string read() {
    const auto end = Clock::now() + std::chrono::duration<double>(options_.time_limit);
    while (Clock::now() < end) {
      process_.write_queued();
      if (auto line = process_.read_line()) return *std::move(line);
      if (const std::string how = process_.ended(); !how.empty()) {
        std::string last = log_tail(log_);
        last.erase(last.find_last_not_of("\n ") + 1);
        last = last.substr(last.rfind('\n') + 1);
        broken("the engine {}{}{}", how, last.empty() ? "" : ": ", last);
      }
      pollfd output{process_.output(), POLLIN, 0};
      ::poll(&output, 1, 100);
    }
    broken("it says nothing for {:g} s, not even 'alive'", options_.time_limit);
  }

  const EngineCheckOptions& options_;
  std::string log_;
  EngineProcess process_;
};

/// "accuracy is 0.5, 0.25 before"; empty where two records of a round are the same numbers.
std::string difference(const RoundRecord& now, const RoundRecord& before) {
  if (now.n_labeled != before.n_labeled)
    return fmt::format("n_labeled is {}, {} before", now.n_labeled, before.n_labeled);
  if (now.picks.size() != before.picks.size()) return "it has other picks than before";
  for (std::size_t i = 0; i < now.picks.size(); ++i) {
    if (now.picks[i].index != before.picks[i].index)
      return fmt::format("pick {} is {}, {} before", i, now.picks[i].index, before.picks[i].index);
  }
  for (const auto& [name, value] : before.metrics) {
    if (metric_info(name).wall_clock) continue;
    const double found = metric(now, name);
    const bool same = found == value || (found != found && value != value);
    if (!same) return fmt::format("{} is {:.17g}, {:.17g} before", name, found, value);
  }
  if (now.confusion != before.confusion) return "its confusion matrix is another than before";
  if (now.weights_hash != before.weights_hash) return "its weights_hash is another than before";
  return "";
}

class Check {
 public:
  Check(const EngineCheckOptions& options, const std::function<void(const EngineCheck&)>& tell)
      : options_(options), tell_(tell), grid_(expand(options.config)) {}

  bool run() {
    part("start", "'configure' is answered with 'ready', also after a signal to its group", [&] {
      Engine engine(options_, log());
      ::kill(engine.pid(), SIGTERM);
      engine.start();
    });
    part("rounds",
         "'run' is answered with a line 'round' for each round, each with distinct new picks and "
         "kept in the checkpoint file before, then 'done'",
         [&] { whole_ = whole_trial(); });
    if (whole_.empty()) return holds_;  // nothing to compare with
    part("again", "a trial's numbers depend on the trial alone, not on what ran before it",
         [&] { trial_after_another(); });
    part("resume",
         "a killed engine's trial goes on from its checkpoint: known rounds are sent as "
         "they were, the rest equals an uninterrupted trial",
         [&] { resume_after_a_kill(); });
    part("drain",
         "'drain' ends the trial after the round in progress with 'stopped', and its "
         "checkpoint goes on with it",
         [&] { resume_after_a_drain(); });
    part("bad task",
         "a task that cannot be done is answered with 'failed' and the right kind; the "
         "engine then takes others",
         [&] { bad_tasks(); });
    part("end", "the end of its input is its end, with exit code 0", [&] {
      Engine engine(options_, log());
      engine.start();
      const std::string how = engine.leave();
      demand(how == "left with exit code 0", "the engine {}", how);
    });
    return holds_;
  }

 private:
  void part(const std::string& name, const std::string& rule, const std::function<void()>& work) {
    EngineCheck result{name, rule, ""};
    try {
      work();
    } catch (const Broken& error) {
      result.problem = error.how;
      holds_ = false;
    }
    tell_(result);
  }

  /// Runs a trial to its end and checks the form of its rounds; `checkpoint` is a file's name.
  Rounds run_trial(Engine& engine, const TrialSpec& spec, const std::string& checkpoint,
                   int attempt = 1) {
    engine.send(run_line(spec, attempt, file(checkpoint)));
    Rounds rounds;
    const EngineLine last = read_rounds(engine, spec, checkpoint, rounds);
    demand(last.type == Type::done, "the trial ends with '{}'{}{}, not with 'done'",
           name_of(last.type), last.message.empty() ? "" : ": ", last.message);
    const auto n_rounds = static_cast<std::size_t>(options_.config.loop.n_rounds) + 1;
    demand(rounds.size() == n_rounds, "'done' after {} rounds, {} belong to a trial", rounds.size(),
           n_rounds);
    return rounds;
  }

  /// Reads rounds into `rounds` until there are `most` or another line ends the trial: that line.
  EngineLine read_rounds(Engine& engine, const TrialSpec& spec, const std::string& checkpoint,
                         Rounds& rounds, std::size_t most = SIZE_MAX) {
    for (;;) {
      RoundRecord record;
      const EngineLine line = engine.next(&record);
      if (line.type == Type::alive) continue;
      demand(line.key == spec.key(), "'{}' has key '{}', the trial's is '{}'", name_of(line.type),
             line.key, spec.key());
      if (line.type != Type::round) return line;
      check_form(record, rounds);
      demand(fs::exists(file(checkpoint)), "round {} is told before its checkpoint is a file",
             record.round);
      rounds.push_back(record);
      if (rounds.size() == most) return line;
    }
  }

  void check_form(const RoundRecord& record, const Rounds& before) const {
    const LoopOptions& loop = options_.config.loop;
    const auto number = static_cast<std::int64_t>(before.size());
    demand(record.round == number, "round {} comes where round {} is expected", record.round,
           number);
    const std::int64_t wanted = loop.n_init + number * loop.n_query;
    demand(record.n_labeled == wanted, "round {}: n_labeled is {}, {} by loop.n_init and n_query",
           number, record.n_labeled, wanted);
    const auto n_picks = static_cast<std::size_t>(number == 0 ? loop.n_init : loop.n_query);
    demand(record.picks.size() == n_picks, "round {}: {} picks, {} are wanted", number,
           record.picks.size(), n_picks);
    std::set<std::int64_t> labeled;
    for (const RoundRecord& earlier : before) {
      for (const PickRecord& pick : earlier.picks) labeled.insert(pick.index);
    }
    for (const PickRecord& pick : record.picks) {
      demand(pick.index >= 0, "round {}: pick {} is no index", number, pick.index);
      demand(labeled.insert(pick.index).second, "round {}: {} is picked, which was labelled before",
             number, pick.index);
    }
    demand(!record.metrics.empty(), "round {} has no metrics", number);
    const std::string& hash = record.weights_hash;
    demand(hash.empty() || (hash.size() == 16 &&
                            hash.find_first_not_of("0123456789abcdef") == std::string::npos),
           "round {}: weights_hash '{}' is not empty and not 16 hex digits", number, hash);
    std::size_t k = 0;
    while (k * k < record.confusion.size()) ++k;
    demand(k * k == record.confusion.size(), "round {}: a confusion matrix of {} numbers", number,
           record.confusion.size());
  }

  Rounds whole_trial() {
    Engine engine(options_, log());
    engine.start();
    return run_trial(engine, grid_.front(), "whole");
  }

  void compare(const Rounds& now) const {
    for (std::size_t i = 0; i < now.size(); ++i) {
      const std::string other = difference(now[i], whole_[i]);
      demand(other.empty(), "round {}: {}", i, other);
    }
  }

  void trial_after_another() {
    Engine engine(options_, log());
    engine.start();
    TrialSpec other = grid_.front();
    other.seed += 1;
    run_trial(engine, other, "other");
    compare(run_trial(engine, grid_.front(), "again"));
  }

  void resume_after_a_kill() {
    Rounds rounds;
    {
      Engine engine(options_, log());
      engine.start();
      engine.send(run_line(grid_.front(), 1, file("killed")));
      read_rounds(engine, grid_.front(), "killed", rounds, 2);
    }  // SIGKILL
    Engine engine(options_, log());
    engine.start();
    const Rounds resumed = run_trial(engine, grid_.front(), "killed", 2);
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      demand(
          resumed[i].attempt == 1,
          "round {} was told by attempt 1 before the kill, and is sent again with attempt {}: it "
          "was computed again",
          i, resumed[i].attempt);
    }
    compare(resumed);
  }

  void resume_after_a_drain() {
    Rounds rounds;
    {
      Engine engine(options_, log());
      engine.start();
      engine.send(run_line(grid_.front(), 1, file("drained")));
      engine.send(drain_line());
      const EngineLine last = read_rounds(engine, grid_.front(), "drained", rounds);
      demand(last.type == Type::stopped, "after 'drain' the trial ends with '{}' and {} rounds",
             name_of(last.type), rounds.size());
    }
    Engine engine(options_, log());
    engine.start();
    compare(run_trial(engine, grid_.front(), "drained", 2));
  }

  void bad_tasks() {
    Engine engine(options_, log());
    engine.start();
    TrialSpec unknown = grid_.front();
    unknown.strategy = "no_strategy_of_this_name";
    engine.send(run_line(unknown, 1, file("unknown")));
    Rounds rounds;
    const EngineLine line = read_rounds(engine, unknown, "unknown", rounds);
    demand(line.type == Type::failed && line.failure == EngineFailure::config,
           "a strategy that it does not know ends with '{}', not with 'failed' of kind 'config'",
           line.type == Type::failed ? "failed of kind " + std::string(name_of(line.failure))
                                     : std::string(name_of(line.type)));
    demand(!line.message.empty(), "'failed' has no message");
    for (const char* request : {"this is no JSON", "{\"type\":\"dance\"}"}) {
      engine.send(request);
      const EngineLine answer = engine.next();
      demand(answer.type == Type::failed, "the request {} is answered with '{}', not with 'failed'",
             request, name_of(answer.type));
    }
    compare(run_trial(engine, grid_.front(), "after"));
  }

  std::string file(const std::string& checkpoint) const {
    return scratch_.path() + "/" + checkpoint + ".checkpoint";
  }
  std::string log() const { return scratch_.path() + "/log"; }

  const EngineCheckOptions& options_;
  const std::function<void(const EngineCheck&)>& tell_;
  std::vector<TrialSpec> grid_;
  TempFolder scratch_;
  Rounds whole_;
  bool holds_ = true;
};

}  // namespace

bool check_engine(const EngineCheckOptions& options,
                  const std::function<void(const EngineCheck&)>& tell) {
  return Check(options, tell).run();
}

}  // namespace al_mpi
