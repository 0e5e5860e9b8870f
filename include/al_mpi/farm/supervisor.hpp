#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/base/error.hpp>
#include <al_mpi/farm/channel.hpp>
#include <al_mpi/farm/engine_process.hpp>
#include <al_mpi/trial/engine_line.hpp>

namespace al_mpi {

struct SupervisorOptions {
  std::vector<std::string> engine;    ///< its command
  EngineConfiguration configuration;  ///< sent to every engine
  /// Called before each start of an engine; throws Error where it may not be started (any more).
  std::function<void()> check_engine = [] {};
  /// [n_workers] CUDA_VISIBLE_DEVICES of each engine; an empty string leaves the variable as it is.
  std::vector<std::string> gpus;
  double stall_timeout = 1800.0;  ///< seconds without a line
  double trial_timeout = 0.0;     ///< seconds; 0 = no limit
  std::int64_t memory_limit = 0;  ///< MiB of anonymous memory; 0 = no limit
  std::string log_folder;         ///< gets worker-RANK-NUMBER.log; made if it is not there
};

/// A rank's side of the farm: keeps the engine of each worker alive, asks rank 0 for trials, relays
/// what the engines say. It knows tasks, not learning.
///
/// An engine that crashes, hangs, takes too long or too much memory is replaced at once, and rank 0
/// is told. An engine that reported a runtime failure is replaced too: a broken CUDA context cannot
/// be mended otherwise. A worker that does not start three times in a row is retired.
class Supervisor {
 public:
  Supervisor(Channel& channel, SupervisorOptions options);

  void start(double now);
  void run(const message::Run& order, double now);
  bool turn(double now);  ///< reads, restarts, checks time limits; whether anything was read
  void drain();           ///< engines stop after the round in progress
  void close(double patience = 5.0);  ///< ends all engines; running ones at once

  bool draining() const { return draining_; }
  std::vector<int> descriptors() const;  ///< to poll for reading

 private:
  enum class State { off, starting, idle, running, leaving, retired };
  struct Worker {
    std::unique_ptr<EngineProcess> process;
    State state = State::off;
    message::Start start;  ///< running: of this trial
    std::string key;       ///< of that trial
    double last_line = 0.0;
    double trial_started = 0.0;
    double next_weighing = 0.0;
    double deadline = 0.0;  ///< off: next start; leaving: then it is killed
    int failed_starts = 0;
    std::string device;
    bool condemned = false;  ///< killed by us: what it still says does not count
    std::string reason;      ///< why the engine is about to end, where that is known
    ExitCode code = ExitCode::internal;
  };

  void start_engine(std::size_t index, double now);
  void read_lines(std::size_t index, double now);
  void take_line(std::size_t index, std::string line, double now);
  void take_first_line(std::size_t index, const EngineLine& line);
  void trial_ended(std::size_t index, const EngineLine& line, double now);
  void engine_ended(std::size_t index, const std::string& how, double now);
  void start_failed(std::size_t index, double now);
  static void condemn(Worker& worker, std::string reason);
  static void check_time_limits(Worker& worker, const SupervisorOptions& limits, double now);
  static void check_memory(Worker& worker, const SupervisorOptions& limits, double now);
  void report(Report report) { channel_.send(0, std::move(report)); }
  void ask(std::size_t index);
  std::string log_file(std::size_t index) const;
  std::string with_last_words(std::size_t index, const std::string& how) const;

  Channel& channel_;
  SupervisorOptions options_;
  std::vector<Worker> workers_;
  bool draining_ = false;
  bool busy_ = false;  ///< something was read in this turn
};

}  // namespace al_mpi
