#include "rank_loop.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <al_mpi/sweep/signals.hpp>

namespace al_mpi {
namespace {

constexpr double heartbeat = 1.0;  // seconds

std::string host_name() {
  // Tests play several hosts on one machine.
  if (const char* given = std::getenv("AL_MPI_HOST")) return given;
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

Message to_rank_0(Message::Kind kind, int slot = -1, std::string text = "") {
  Message message;
  message.kind = kind;
  message.slot = slot;
  message.text = std::move(text);
  return message;
}

/// Waits for children, signals and (by waking up) messages: short naps while there is traffic,
/// longer ones in silence, so that a waiting rank costs next to nothing. MPI has nothing that could
/// be polled.
class Nap {
 public:
  explicit Nap(bool alone) : longest_ns_(alone ? 100'000'000 : 5'000'000) {}

  void after_traffic() { ns_ = shortest_ns; }
  void take(const std::vector<int>& descriptors) {
    polled_.clear();
    for (const int descriptor : descriptors) polled_.push_back({descriptor, POLLIN, 0});
    const timespec time{0, ns_};
    ::ppoll(polled_.data(), polled_.size(), &time, nullptr);
    ns_ = std::min(longest_ns_, ns_ + ns_ / 2);
  }

 private:
  static constexpr long shortest_ns = 50'000;
  long longest_ns_;
  long ns_ = shortest_ns;
  std::vector<pollfd> polled_;
};

/// One rank: what it must remember between two turns of its loop.
class RankLoop {
 public:
  RankLoop(Channel& channel, Coordinator* coordinator, const RankOptions& options)
      : channel_(channel),
        coordinator_(coordinator),
        options_(options),
        nap_(channel.size() == 1) {}

  RankEnd run() {
    channel_.send(0, to_rank_0(Message::Kind::hello, options_.default_workers, host_name()));
    last_heard_ = steady_seconds();
    for (;;) {
      const double now = steady_seconds();
      bool traffic = receive(now);
      if (supervisor_) traffic = supervisor_->turn(now) || traffic;
      heed_signals(now);
      if (coordinator_ != nullptr) coordinate(now);
      if (left_ && (coordinator_ == nullptr || coordinator_->dismissed(now))) break;
      beat(now);
      if (rank_0_is_silent(now)) return give_up();
      if (traffic) nap_.after_traffic();
      nap_.take(supervisor_ ? supervisor_->descriptors() : std::vector<int>{});
    }
    if (supervisor_) supervisor_->close();
    const double end = steady_seconds() + 2.0;
    while (!channel_.all_sent() && steady_seconds() < end) ::poll(nullptr, 0, 1);
    return end_;
  }

 private:
  bool receive(double now) {
    bool any = false;
    // Bounded, so that children and heartbeats get their turn under a flood of messages.
    for (int n = 0; n < 10000; ++n) {
      const std::optional<Message> message = channel_.receive();
      if (!message) break;
      any = any || (message->kind != Message::Kind::alive && message->kind != Message::Kind::going);
      if (is_for_rank_0(message->kind)) {
        if (coordinator_ != nullptr) coordinator_->handle(*message, now);
      } else {
        last_heard_ = now;
        obey(*message, now);
      }
    }
    return any;
  }

  void obey(const Message& message, double now) {
    if (message.kind == Message::Kind::configure) {
      begin(message, now);
    } else if (message.kind == Message::Kind::leave) {
      left_ = true;
      end_ = {static_cast<ExitCode>(message.attempt), !message.text.empty()};
    } else if (supervisor_) {
      supervisor_->handle(message, now);
    }
  }

  /// A rank that cannot have children leaves the work to the others.
  void begin(const Message& configure, double now) {
    std::string problem;
    ExitCode code = ExitCode::internal;
    try {
      supervisor_ = options_.make_supervisor(configure);
      return supervisor_->start(now);
    } catch (const Error& error) {
      problem = error.what();
      code = error.code();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    supervisor_.reset();
    for (int slot = 0; slot < configure.attempt; ++slot) {
      Message retired = to_rank_0(Message::Kind::retired, slot, problem);
      retired.attempt = static_cast<int>(code);
      channel_.send(0, std::move(retired));
    }
  }

  void heed_signals(double now) {
    if (!drain_signalled() || left_) return;
    if (supervisor_) supervisor_->drain();  // at once: the launcher may leave a second only
    if (!std::exchange(wished_, true)) {
      channel_.send(0, to_rank_0(Message::Kind::wish));
      if (coordinator_ != nullptr) {
        spdlog::info(
            "stopping: trials finish the round they are in; the same command goes on later");
      }
    }
    if (coordinator_ != nullptr && leave_signalled()) coordinator_->drain(now, 0.0);
  }

  void coordinate(double now) {
    const double job_left = options_.job_end - static_cast<double>(std::time(nullptr));
    if (coordinator_->drain_wished() || job_left < options_.drain_margin) {
      coordinator_->drain(
          now, leave_signalled() ? 0.0 : std::min(options_.drain_margin, job_left - 10.0));
    }
    coordinator_->turn(now);
    if (!finished_ && coordinator_->finished(now)) {
      finished_ = true;
      coordinator_->finish(now);
      progress_.finish(coordinator_->progress(now));
    }
    if (!finished_ && progress_.due(now)) progress_.show(coordinator_->progress(now), now);
  }

  void beat(double now) {
    if (now < next_beat_) return;
    channel_.send(0, to_rank_0(Message::Kind::alive));
    next_beat_ = now + heartbeat;
  }

  bool rank_0_is_silent(double now) {
    if (now - last_turn_ > options_.rank_0_silence / 4)
      last_heard_ = now;  // this process was stopped
    last_turn_ = now;
    return coordinator_ == nullptr && now - last_heard_ > options_.rank_0_silence;
  }

  RankEnd give_up() {
    spdlog::error("rank 0 has been silent for {:.0f} s: leaving", options_.rank_0_silence);
    if (supervisor_) supervisor_->close(0.0);
    return {ExitCode::unfinished, true};
  }

  Channel& channel_;
  Coordinator* coordinator_;
  const RankOptions& options_;
  Nap nap_;
  ProgressLine progress_;
  std::unique_ptr<Supervisor> supervisor_;
  RankEnd end_;
  bool left_ = false, finished_ = false, wished_ = false;
  double last_heard_ = 0.0, last_turn_ = 0.0, next_beat_ = 0.0;
};

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

RankEnd run_rank(Channel& channel, Coordinator* coordinator, const RankOptions& options) {
  return RankLoop(channel, coordinator, options).run();
}

void turn_away(Channel& channel, ExitCode code) {
  const double end = steady_seconds() + 30.0;  // ranks may still be starting
  for (int told = 1; told < channel.size() && steady_seconds() < end;) {
    const std::optional<Message> message = channel.receive();
    if (!message || message->kind != Message::Kind::hello) {
      ::poll(nullptr, 0, message ? 0 : 1);
      continue;
    }
    Message leave;
    leave.kind = Message::Kind::leave;
    leave.attempt = static_cast<int>(code);
    channel.send(message->rank, std::move(leave));
    ++told;
  }
  while (!channel.all_sent() && steady_seconds() < end) ::poll(nullptr, 0, 1);
}

void reassure(Channel& channel) {
  for (int rank = 1; rank < channel.size(); ++rank) {
    Message going;
    going.kind = Message::Kind::going;
    channel.send(rank, std::move(going));
  }
  channel.all_sent();
}

}  // namespace al_mpi
