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

/// `device` as the engine tells it: "cpu", "cuda:NAME (UUID), ...".
bool runs_on(const std::string& device, const std::string& wanted) {
  return wanted == "auto" || device.substr(0, device.find(':')) == wanted;
}

Ending ending_of(const EngineLine& line) {
  if (line.type == EngineLine::Type::done) return Ending::done;
  if (line.type == EngineLine::Type::stopped) return Ending::stopped;
  if (line.failure == EngineLine::Failure::config) return Ending::refused;
  return line.failure == EngineLine::Failure::data ? Ending::unreadable : Ending::failed;
}

}  // namespace

Supervisor::Supervisor(Channel& channel, SupervisorOptions options)
    : channel_(channel), options_(std::move(options)), slots_(options_.gpus.size()) {
  std::error_code unmade;  // a worker that cannot write its log says so
  std::filesystem::create_directories(options_.log_folder, unmade);
}

void Supervisor::start(double now) {
  for (std::size_t i = 0; i < slots_.size(); ++i) start_child(i, now);
}

std::string Supervisor::log_file(std::size_t index) const {
  return fmt::format("{}/worker-{}-{}.log", options_.log_folder, channel_.rank(), index);
}

void Supervisor::start_child(std::size_t index, double now) {
  Slot& slot = slots_[index];
  WorkerCommand command{options_.engine, {}, log_file(index)};
  command.environment.push_back(fmt::format("OMP_NUM_THREADS={}", options_.threads));
  if (const std::string& gpu = options_.gpus[index]; !gpu.empty()) {
    command.environment.push_back("CUDA_VISIBLE_DEVICES=" + gpu);
  }
  try {
    slot.process = std::make_unique<WorkerProcess>(command);
    slot.process->send(
        configure_line(options_.config_yaml, options_.device, options_.threads, options_.expected));
    slot.state = State::starting;
    slot.condemned = false;
    slot.last_line = now;
  } catch (const FarmError& error) {
    slot.reason = error.what();
    start_failed(index, now);
  }
}

void Supervisor::ask(std::size_t index) {
  slots_[index].state = State::idle;
  if (!draining_) report(message::Idle{static_cast<int>(index), slots_[index].device});
}

void Supervisor::run(const message::Run& order, double now) {
  const auto index = static_cast<std::size_t>(order.of.worker);
  Slot& slot = slots_.at(index);
  if (draining_ || slot.state != State::idle) {  // it died, or we drain, since it asked
    return report(message::Ended{order.of, Ending::stopped, "", 0.0});
  }
  slot.start = order.of;
  slot.key = order.key;
  slot.state = State::running;
  slot.trial_started = slot.last_line = now;
  std::ofstream(log_file(index), std::ios::app)
      << fmt::format("--- trial {} attempt {} ---\n", order.of.trial, order.of.attempt);
  slot.process->send(order.request);
}

bool Supervisor::turn(double now) {
  busy_ = false;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.state == State::off && now >= slot.deadline && !draining_) start_child(i, now);
    if (!slot.process) continue;
    slot.process->write_queued();
    read_lines(i, now);
    if (!slot.process) continue;
    if (const std::string how = slot.process->ended(); !how.empty()) {
      child_ended(i, how, now);
    } else {
      check_time_limits(slot, options_, now);
      check_memory(slot, options_, now);
    }
  }
  return busy_;
}

void Supervisor::read_lines(std::size_t index, double now) {
  while (std::optional<std::string> line = slots_[index].process->read_line()) {
    busy_ = true;
    if (slots_[index].condemned) continue;
    slots_[index].last_line = now;
    try {
      take_line(index, std::move(*line), now);
    } catch (const DataError& error) {  // not our protocol: the child is replaced
      condemn(slots_[index], error.what());
    }
  }
}

void Supervisor::take_line(std::size_t index, std::string line, double now) {
  using Type = EngineLine::Type;
  Slot& slot = slots_[index];
  if (slot.state == State::running && is_round_line(line)) {
    return report(message::Round{slot.start, std::move(line)});
  }
  const EngineLine parsed = parse_engine_line(line);
  if (slot.state == State::starting) return take_first_line(index, parsed);
  if (slot.state != State::running || parsed.type == Type::alive || parsed.type == Type::ready)
    return;
  if (parsed.type == Type::round) {  // written with blanks that is_round_line() does not expect
    return report(message::Round{slot.start, std::move(line)});
  }
  if (parsed.key != slot.key) {
    return condemn(slot, fmt::format("the worker answered for trial '{}'", parsed.key));
  }
  trial_ended(index, parsed, now);
}

void Supervisor::take_first_line(std::size_t index, const EngineLine& line) {
  Slot& slot = slots_[index];
  if (line.type == EngineLine::Type::failed) {
    const bool final = line.failure != EngineLine::Failure::runtime;
    if (final) slot.failed_starts = max_failed_starts;
    if (line.failure == EngineLine::Failure::config) slot.code = ExitCode::config;
    if (line.failure == EngineLine::Failure::data) slot.code = ExitCode::data;
    condemn(slot, line.message);  // it would wait for another request
  }
  if (line.type != EngineLine::Type::ready) return;
  if (!runs_on(line.device, options_.device)) {
    slot.failed_starts = max_failed_starts;
    slot.code = ExitCode::config;
    const std::string& gpu = options_.gpus[index];
    return condemn(slot,
                   fmt::format("the engine runs on {}, farm.device is {}{}", line.device,
                               options_.device, gpu.empty() ? "" : " and it was given GPU " + gpu));
  }
  slot.failed_starts = 0;
  slot.device = line.device;
  ask(index);
}

void Supervisor::trial_ended(std::size_t index, const EngineLine& line, double now) {
  Slot& slot = slots_[index];
  const Ending ending = ending_of(line);
  report(message::Ended{slot.start, ending, line.message, line.seconds});
  if (ending != Ending::failed) return ask(index);
  slot.state = State::leaving;
  slot.deadline = now + patience_to_leave;
  slot.process->close_input();
}

void Supervisor::condemn(Slot& slot, std::string reason) {
  slot.condemned = true;
  slot.reason = std::move(reason);
  slot.process->kill();  // the engine ignores SIGTERM, and one that hangs reads nothing
}

void Supervisor::check_time_limits(Slot& slot, const SupervisorOptions& limits, double now) {
  if (slot.state == State::leaving && now > slot.deadline) return slot.process->kill();
  if (slot.state != State::running && slot.state != State::starting) return;
  if (slot.condemned) return;
  const double limit = slot.state == State::running ? limits.trial_timeout : 0.0;
  if (now - slot.last_line > limits.stall_timeout) {
    condemn(slot,
            fmt::format("no sign of life for {:g} s (farm.stall_timeout)", limits.stall_timeout));
  } else if (limit > 0 && now - slot.trial_started > limit) {
    condemn(slot, fmt::format("not done in {:g} s (farm.trial_timeout)", limit));
  }
}

/// By looking, not by a limit of the kernel's: CUDA and LibTorch reserve far more address space
/// than they use, and the pages of the mapped dataset are nobody's own.
void Supervisor::check_memory(Slot& slot, const SupervisorOptions& limits, double now) {
  const bool running = slot.state == State::running && !slot.condemned;
  if (limits.memory_limit == 0 || !running || now < slot.next_weighing) return;
  slot.next_weighing = now + weigh_every;
  const std::int64_t held = slot.process->memory() >> 20;
  if (held > limits.memory_limit) {
    condemn(slot, fmt::format("holds {} MiB of memory, {} are allowed (farm.memory_limit)", held,
                              limits.memory_limit));
  }
}

std::string Supervisor::with_last_words(std::size_t index, const std::string& how) const {
  const std::string last = last_line_of(log_tail(log_file(index)));
  const bool own_mark = last.rfind("--- trial", 0) == 0;
  return last.empty() || own_mark ? how : fmt::format("{}: {}", how, last);
}

void Supervisor::child_ended(std::size_t index, const std::string& how, double now) {
  Slot& slot = slots_[index];
  const State state = slot.state;
  slot.process.reset();
  slot.state = State::off;
  slot.deadline = now;
  if (slot.reason.empty()) slot.reason = with_last_words(index, "the worker " + how);
  if (state == State::running) {
    spdlog::debug("trial {}: {}", slot.start.trial, slot.reason);
    report(message::Ended{slot.start, Ending::failed, slot.reason, 0.0});
  } else if (state == State::starting) {
    return start_failed(index, now);
  }
  slot.reason.clear();
}

void Supervisor::start_failed(std::size_t index, double now) {
  Slot& slot = slots_[index];
  slot.state = State::off;
  slot.deadline = now + 0.25 * std::pow(4.0, slot.failed_starts);
  if (++slot.failed_starts >= max_failed_starts) {
    slot.state = State::retired;
    report(message::Retired{static_cast<int>(index), slot.code, slot.reason});
  }
  slot.reason.clear();
}

void Supervisor::drain() {
  if (draining_) return;
  draining_ = true;
  for (Slot& slot : slots_) {
    if (slot.state == State::running) slot.process->send(drain_line());
  }
}

void Supervisor::close(double patience) {
  draining_ = true;
  for (Slot& slot : slots_) {
    if (!slot.process) continue;
    slot.process->close_input();
    if (slot.state == State::running) slot.process->kill();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
  for (Slot& slot : slots_) {
    while (slot.process && std::chrono::steady_clock::now() < end) {
      while (slot.process->read_line()) continue;
      if (!slot.process->ended().empty()) slot.process.reset();
      ::poll(nullptr, 0, slot.process ? 2 : 0);
    }
    slot.process.reset();  // kills what is still there
    slot.state = State::off;
  }
}

std::vector<int> Supervisor::descriptors() const {
  std::vector<int> open;
  for (const Slot& slot : slots_) {
    if (slot.process && slot.process->output() >= 0) open.push_back(slot.process->output());
  }
  return open;
}

}  // namespace al_mpi
