#include "rank_loop.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <poll.h>
#include <spdlog/spdlog.h>

#include <al_mpi/base/host_name.hpp>
#include <al_mpi/sweep/signals.hpp>

namespace al_mpi {
namespace {

constexpr double heartbeat = 1.0;  // seconds

/// Whether the message is a sign of life or the answer to one; neither brings work.
bool is_beat(const Message& message) {
  if (const auto* report = std::get_if<Report>(&message))
    return std::holds_alternative<message::Heartbeat>(*report);
  return std::holds_alternative<message::Going>(std::get<Order>(message));
}

/// Waits for engines, signals and (by waking up) messages: short naps while there is traffic,
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
    channel_.send(0, message::Hello{host_name(), options_.default_workers});
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
    // Bounded, so that engines and heartbeats get their turn under a flood of messages.
    for (int n = 0; n < 10000; ++n) {
      const std::optional<Received> received = channel_.receive();
      if (!received) break;
      any = any || !is_beat(received->message);
      if (const auto* report = std::get_if<Report>(&received->message)) {
        if (coordinator_ != nullptr) coordinator_->handle(received->from, *report, now);
      } else {
        last_heard_ = now;
        std::visit([&](const auto& one) { obey(one, now); }, std::get<Order>(received->message));
      }
    }
    return any;
  }

  /// A rank that cannot have engines leaves the work to the others.
  void obey(const message::Configure& configure, double now) {
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
    for (int worker = 0; worker < configure.n_workers; ++worker) {
      channel_.send(0, message::Retired{worker, code, problem});
    }
  }

  void obey(const message::Run& order, double now) {
    if (supervisor_) supervisor_->run(order, now);
  }

  void obey(const message::Going& /*order*/, double /*now*/) {}

  void obey(const message::Drain& /*order*/, double /*now*/) {
    if (supervisor_) supervisor_->drain();
  }

  void obey(const message::Leave& leave, double /*now*/) {
    left_ = true;
    end_ = {leave.code, leave.rank_lost};
  }

  void heed_signals(double now) {
    if (!drain_signalled() || left_) return;
    if (supervisor_) supervisor_->drain();  // at once: the launcher may leave a second only
    if (!std::exchange(wished_, true)) {
      channel_.send(0, message::DrainWish{});
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
    channel_.send(0, message::Heartbeat{});
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
    const std::optional<Received> received = channel.receive();
    const auto* report = received ? std::get_if<Report>(&received->message) : nullptr;
    if (report == nullptr || !std::holds_alternative<message::Hello>(*report)) {
      ::poll(nullptr, 0, received ? 0 : 1);
      continue;
    }
    channel.send(received->from, message::Leave{code, false});
    ++told;
  }
  while (!channel.all_sent() && steady_seconds() < end) ::poll(nullptr, 0, 1);
}

void reassure(Channel& channel) {
  for (int rank = 1; rank < channel.size(); ++rank) channel.send(rank, message::Going{});
  channel.all_sent();
}

}  // namespace al_mpi
