#include <al_mpi/farm/supervisor.hpp>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <poll.h>
#include <spdlog/spdlog.h>

namespace al_mpi {
namespace {

constexpr int max_failed_starts = 3;
constexpr double weigh_every = 0.05;       // seconds
constexpr double patience_to_leave = 5.0;  // seconds from the end of its input to SIGKILL

std::string last_line_of(std::string text) {
  text.erase(text.find_last_not_of("\n ") + 1);
  return text.substr(text.rfind('\n') + 1);  // npos + 1 == 0: there is one line only
}

Ending ending_of(const EngineLine& line) {
  if (line.type == EngineLine::Type::done) return Ending::done;
  if (line.type == EngineLine::Type::stopped) return Ending::stopped;
  if (line.failure == EngineLine::Failure::config) return Ending::refused;
  return line.failure == EngineLine::Failure::data ? Ending::unreadable : Ending::failed;
}

}  // namespace

Supervisor::Supervisor(Channel& channel, SupervisorOptions options)
    : channel_(channel), options_(std::move(options)), workers_(options_.gpus.size()) {
  std::error_code unmade;  // a worker that cannot write its log says so
  std::filesystem::create_directories(options_.log_folder, unmade);
}

void Supervisor::start(double now) {
  for (std::size_t i = 0; i < workers_.size(); ++i) start_engine(i, now);
}

std::string Supervisor::log_file(std::size_t index) const {
  return fmt::format("{}/worker-{}-{}.log", options_.log_folder, channel_.rank(), index);
}

void Supervisor::start_engine(std::size_t index, double now) {
  Worker& worker = workers_[index];
  EngineCommand command{options_.engine, {}, log_file(index)};
  command.environment.push_back(fmt::format("OMP_NUM_THREADS={}", options_.configuration.threads));
  if (const std::string& gpu = options_.gpus[index]; !gpu.empty()) {
    command.environment.push_back("CUDA_VISIBLE_DEVICES=" + gpu);
  }
  try {
    options_.check_engine();
    worker.process = std::make_unique<EngineProcess>(command);
    worker.process->send(configure_line(options_.configuration));
    worker.state = State::starting;
    worker.condemned = false;
    worker.last_line = now;
  } catch (const Error& error) {
    worker.reason = error.what();
    worker.code = error.code();
    start_failed(index, now);
  }
}

void Supervisor::ask(std::size_t index) {
  workers_[index].state = State::idle;
  if (!draining_) report(message::Idle{static_cast<int>(index), workers_[index].device});
}

void Supervisor::run(const message::Run& order, double now) {
  const auto index = static_cast<std::size_t>(order.of.worker);
  Worker& worker = workers_.at(index);
  if (draining_ || worker.state != State::idle) {  // it died, or we drain, since it asked
    return report(message::Ended{order.of, Ending::stopped, "", 0.0});
  }
  worker.start = order.of;
  worker.key = order.key;
  worker.state = State::running;
  worker.trial_started = worker.last_line = now;
  std::ofstream(log_file(index), std::ios::app)
      << fmt::format("--- trial {} attempt {} ---\n", order.of.trial, order.of.attempt);
  worker.process->send(order.request);
}

bool Supervisor::turn(double now) {
  busy_ = false;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    if (worker.state == State::off && now >= worker.deadline && !draining_) start_engine(i, now);
    if (!worker.process) continue;
    worker.process->write_queued();
    read_lines(i, now);
    if (!worker.process) continue;
    if (const std::string how = worker.process->ended(); !how.empty()) {
      engine_ended(i, how, now);
    } else {
      check_time_limits(worker, options_, now);
      check_memory(worker, options_, now);
    }
  }
  return busy_;
}

void Supervisor::read_lines(std::size_t index, double now) {
  while (std::optional<std::string> line = workers_[index].process->read_line()) {
    busy_ = true;
    if (workers_[index].condemned) continue;
    workers_[index].last_line = now;
    try {
      take_line(index, std::move(*line), now);
    } catch (const DataError& error) {  // not our protocol: the engine is replaced
      condemn(workers_[index], error.what());
    }
  }
}

void Supervisor::take_line(std::size_t index, std::string line, double now) {
  using Type = EngineLine::Type;
  Worker& worker = workers_[index];
  if (worker.state == State::running && is_round_line(line)) {
    return report(message::Round{worker.start, std::move(line)});
  }
  const EngineLine parsed = parse_engine_line(line);
  if (worker.state == State::starting) return take_first_line(index, parsed);
  if (worker.state != State::running || parsed.type == Type::alive || parsed.type == Type::ready)
    return;
  if (parsed.type == Type::round) {  // written with blanks that is_round_line() does not expect
    return report(message::Round{worker.start, std::move(line)});
  }
  if (parsed.key != worker.key) {
    return condemn(worker, fmt::format("the engine answered for trial '{}'", parsed.key));
  }
  trial_ended(index, parsed, now);
}

void Supervisor::take_first_line(std::size_t index, const EngineLine& line) {
  Worker& worker = workers_[index];
  if (line.type == EngineLine::Type::failed) {
    const bool final = line.failure != EngineLine::Failure::runtime;
    if (final) worker.failed_starts = max_failed_starts;
    if (line.failure == EngineLine::Failure::config) worker.code = ExitCode::config;
    if (line.failure == EngineLine::Failure::data) worker.code = ExitCode::data;
    condemn(worker, line.message);  // it would wait for another request
  }
  if (line.type != EngineLine::Type::ready) return;
  if (!line.runs_on(options_.configuration.device)) {
    worker.failed_starts = max_failed_starts;
    worker.code = ExitCode::config;
    const std::string& gpu = options_.gpus[index];
    return condemn(worker, fmt::format("the engine runs on {}, farm.device is {}{}", line.device,
                                       name_of(options_.configuration.device),
                                       gpu.empty() ? "" : " and it was given GPU " + gpu));
  }
  worker.failed_starts = 0;
  worker.device = line.device;
  ask(index);
}

void Supervisor::trial_ended(std::size_t index, const EngineLine& line, double now) {
  Worker& worker = workers_[index];
  const Ending ending = ending_of(line);
  report(message::Ended{worker.start, ending, line.message, line.seconds});
  if (ending != Ending::failed) return ask(index);
  worker.state = State::leaving;
  worker.deadline = now + patience_to_leave;
  worker.process->close_input();
}

void Supervisor::condemn(Worker& worker, std::string reason) {
  worker.condemned = true;
  worker.reason = std::move(reason);
  worker.process->kill();         // the engine ignores SIGTERM, and one that hangs reads nothing
  worker.process->close_input();  // what it started itself may live on and hold its output
}

void Supervisor::check_time_limits(Worker& worker, const SupervisorOptions& limits, double now) {
  if (worker.state == State::leaving && now > worker.deadline) return worker.process->kill();
  if (worker.state != State::running && worker.state != State::starting) return;
  if (worker.condemned) return;
  const double limit = worker.state == State::running ? limits.trial_timeout : 0.0;
  if (now - worker.last_line > limits.stall_timeout) {
    condemn(worker,
            fmt::format("no sign of life for {:g} s (farm.stall_timeout)", limits.stall_timeout));
  } else if (limit > 0 && now - worker.trial_started > limit) {
    condemn(worker, fmt::format("not done in {:g} s (farm.trial_timeout)", limit));
  }
}

/// Memory is looked at from here and not limited by the kernel: CUDA and LibTorch reserve far more
/// address space than they use, and the pages of the mapped dataset are shared by all engines.
void Supervisor::check_memory(Worker& worker, const SupervisorOptions& limits, double now) {
  const bool running = worker.state == State::running && !worker.condemned;
  if (limits.memory_limit == 0 || !running || now < worker.next_weighing) return;
  worker.next_weighing = now + weigh_every;
  const std::int64_t held = worker.process->memory() >> 20;
  if (held > limits.memory_limit) {
    condemn(worker, fmt::format("holds {} MiB of memory, {} are allowed (farm.memory_limit)", held,
                                limits.memory_limit));
  }
}

std::string Supervisor::with_last_words(std::size_t index, const std::string& how) const {
  const std::string last = last_line_of(log_tail(log_file(index)));
  const bool own_mark = last.rfind("--- trial", 0) == 0;
  return last.empty() || own_mark ? how : fmt::format("{}: {}", how, last);
}

void Supervisor::engine_ended(std::size_t index, const std::string& how, double now) {
  Worker& worker = workers_[index];
  const State state = worker.state;
  worker.process.reset();
  worker.state = State::off;
  worker.deadline = now;
  if (worker.reason.empty()) worker.reason = with_last_words(index, "the engine " + how);
  if (state == State::running) {
    spdlog::debug("trial {}: {}", worker.start.trial, worker.reason);
    report(message::Ended{worker.start, Ending::failed, worker.reason, 0.0});
  } else if (state == State::starting) {
    return start_failed(index, now);
  }
  worker.reason.clear();
}

void Supervisor::start_failed(std::size_t index, double now) {
  Worker& worker = workers_[index];
  worker.state = State::off;
  worker.deadline = now + 0.25 * std::pow(4.0, worker.failed_starts);
  if (++worker.failed_starts >= max_failed_starts) {
    worker.state = State::retired;
    report(message::Retired{static_cast<int>(index), worker.code, worker.reason});
  }
  worker.reason.clear();
}

void Supervisor::drain() {
  if (draining_) return;
  draining_ = true;
  for (Worker& worker : workers_) {
    if (worker.state == State::running) worker.process->send(drain_line());
  }
}

void Supervisor::close(double patience) {
  draining_ = true;
  for (Worker& worker : workers_) {
    if (!worker.process) continue;
    worker.process->close_input();
    if (worker.state == State::running) worker.process->kill();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
  for (Worker& worker : workers_) {
    while (worker.process && std::chrono::steady_clock::now() < end) {
      while (worker.process->read_line()) continue;
      if (!worker.process->ended().empty()) worker.process.reset();
      ::poll(nullptr, 0, worker.process ? 2 : 0);
    }
    worker.process.reset();  // kills what is still there
    worker.state = State::off;
  }
}

std::vector<int> Supervisor::descriptors() const {
  std::vector<int> open;
  for (const Worker& worker : workers_) {
    if (worker.process && worker.process->output() >= 0) open.push_back(worker.process->output());
  }
  return open;
}

}  // namespace al_mpi
