#include "coordinator.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace al_mpi {
namespace {

/// Ranks send a heartbeat a second: one heard of this long ago (seconds) takes messages.
constexpr double recently = 3.0;

}  // namespace

Coordinator::Coordinator(Channel& channel, ResultsStore& store, SweepPlan plan,
                         CoordinatorOptions options)
    : channel_(channel),
      store_(store),
      plan_(std::move(plan)),
      options_(std::move(options)),
      scheduler_(plan_.trials, options_.scheduler),
      trial_of_(store.trials().size(), -1),
      ranks_(static_cast<std::size_t>(channel.size())) {
  for (std::size_t i = 0; i < plan_.store_trial.size(); ++i) {
    const int number = plan_.store_trial[i];
    trial_of_[static_cast<std::size_t>(number)] = static_cast<int>(i);
    rounds_ += store.rounds_done(number);
    rounds_total_ += plan_.n_rounds[i];
  }
}

const TrialRecord& Coordinator::record(int trial) const {
  return store_
      .trials()[static_cast<std::size_t>(plan_.store_trial[static_cast<std::size_t>(trial)])];
}

void Coordinator::send(int rank, Message::Kind kind, int attempt, std::string text) {
  Message message;
  message.kind = kind;
  message.attempt = attempt;
  message.text = std::move(text);
  channel_.send(rank, std::move(message));
}

bool Coordinator::speaks(const Rank& rank, double now) const {
  return rank.known && !rank.lost && now - rank.last_heard < recently;
}

void Coordinator::handle(const Message& message, double now) {
  Rank& rank = ranks_[static_cast<std::size_t>(message.rank)];
  if (rank.lost) {
    spdlog::warn("rank {} on {} speaks again", message.rank, rank.host);
    rank.lost = false;
  }
  rank.last_heard = now;
  switch (message.kind) {
    case Message::Kind::hello:
      return greet(message);
    case Message::Kind::ask:
      return welcome_idle(message, now);
    case Message::Kind::line:
      return take_line(message, now);
    case Message::Kind::died:
      return conclude(message, Ending::failed, message.text, now);
    case Message::Kind::returned:
      return conclude(message, Ending::stopped, "", now);
    case Message::Kind::retired:
      return retire(message, now);
    case Message::Kind::wish: {
      drain_wished_ = true;
      return;
    }
    default:
      return answer(message.rank);
  }
}

void Coordinator::greet(const Message& hello) {
  Rank& rank = ranks_[static_cast<std::size_t>(hello.rank)];
  rank.known = true;
  rank.host = hello.text;
  const int n_workers = options_.workers_per_rank > 0 ? options_.workers_per_rank : hello.slot;
  rank.slots.assign(static_cast<std::size_t>(n_workers), {});
  if (code_) return answer(hello.rank);
  send(hello.rank, Message::Kind::configure, n_workers, options_.configuration);
}

void Coordinator::answer(int to) {
  Rank& rank = ranks_[static_cast<std::size_t>(to)];
  if (code_) {
    rank.told_leave = true;
    return send(to, Message::Kind::leave, static_cast<int>(*code_), lost_ranks() ? "lost" : "");
  }
  send(to, scheduler_.draining() ? Message::Kind::drain : Message::Kind::going);
}

int Coordinator::worker_of(const Message& message) const {
  const Rank& rank = ranks_[static_cast<std::size_t>(message.rank)];
  return rank.slots.at(static_cast<std::size_t>(message.slot)).worker;
}

void Coordinator::welcome_idle(const Message& ask, double now) {
  Rank& rank = ranks_[static_cast<std::size_t>(ask.rank)];
  Slot& slot = rank.slots.at(static_cast<std::size_t>(ask.slot));
  if (slot.worker < 0 || slot.gone) slot.worker = scheduler_.add_worker(rank.host, now);
  slot.gone = false;
  devices_[slot.worker] = ask.text;
  const Worker worker{ask.rank, ask.slot};
  if (code_ || !hand_out(worker, now)) idle_.insert(worker);
}

bool Coordinator::hand_out(const Worker& idle, double now) {
  const auto [to, slot] = idle;
  const int worker =
      ranks_[static_cast<std::size_t>(to)].slots[static_cast<std::size_t>(slot)].worker;
  const std::optional<int> trial = scheduler_.next(worker, now);
  if (!trial) return false;
  const int number = record(*trial).spec.trial;
  store_.started(number, to, ranks_[static_cast<std::size_t>(to)].host, devices_[worker],
                 options_.threads);
  Message message;
  message.kind = Message::Kind::run;
  message.slot = slot;
  message.trial = number;
  message.attempt = record(*trial).attempts;
  message.text = run_line(record(*trial).spec, message.attempt, store_.checkpoint_path(number));
  channel_.send(to, std::move(message));
  return true;
}

void Coordinator::take_line(const Message& message, double now) {
  const EngineLine line = parse_engine_line(message.text);
  const int trial = trial_of_.at(static_cast<std::size_t>(message.trial));
  if (line.key != record(trial).spec.key()) {
    return conclude(message, Ending::failed,
                    fmt::format("the worker answered for trial '{}'", line.key), now);
  }
  switch (line.type) {
    case EngineLine::Type::round:
      return take_round(trial, message.text);
    case EngineLine::Type::stopped:
      return conclude(message, Ending::stopped, "", now);
    case EngineLine::Type::failed: {
      const bool config = line.failure == EngineLine::Failure::config;
      const bool data = line.failure == EngineLine::Failure::data;
      const Ending ending = config ? Ending::refused : data ? Ending::unreadable : Ending::failed;
      return conclude(message, ending, line.message, now);
    }
    case EngineLine::Type::done:
      break;
    default:
      return;
  }
  const int n_rounds = plan_.n_rounds[static_cast<std::size_t>(trial)];
  if (const int n = store_.rounds_done(message.trial); n < n_rounds) {
    return conclude(message, Ending::failed, fmt::format("done after {} of {} rounds", n, n_rounds),
                    now);
  }
  if (scheduler_.ended(worker_of(message), trial, Ending::done, now) == Verdict::done) {
    store_.done(message.trial, line.seconds);
  }
}

void Coordinator::take_round(int trial, const std::string& line) {
  RoundRecord round = parse_round(line);
  round.trial = record(trial).spec.trial;
  if (store_.take(round) != ResultsStore::Taken::stored) return;
  ++rounds_;
  const double left =
      1.0 - static_cast<double>(round.round + 1) / plan_.n_rounds[static_cast<std::size_t>(trial)];
  scheduler_.round_done(trial, std::max(left, 0.01));
}

void Coordinator::conclude(const Message& message, Ending ending, const std::string& text,
                           double now) {
  const int trial = trial_of_.at(static_cast<std::size_t>(message.trial));
  const Rank& rank = ranks_[static_cast<std::size_t>(message.rank)];
  const bool had_work = !scheduler_.host_quarantined(rank.host);
  const Verdict verdict = scheduler_.ended(worker_of(message), trial, ending, now);
  if (verdict == Verdict::ignored) return;
  work_came_back_ = work_came_back_ || verdict == Verdict::again;
  if (ending == Ending::stopped) return store_.interrupted(message.trial);
  const bool final = verdict != Verdict::again;
  const char* outcome = verdict == Verdict::again         ? "failed, will be tried again"
                        : verdict == Verdict::quarantined ? "quarantined (failed on two hosts)"
                                                          : "failed";
  spdlog::warn("trial {} {}: {} (attempt {} on {})", record(trial).spec.key(), outcome, text,
               message.attempt, rank.host);
  if (had_work && scheduler_.host_quarantined(rank.host))
    spdlog::warn("{} gets no more work: {} different trials failed there, the last one: {}",
                 rank.host, options_.scheduler.host_strikes, text);
  store_.failed(message.trial, text, final, verdict == Verdict::quarantined);
}

void Coordinator::retire(const Message& message, double now) {
  Rank& rank = ranks_[static_cast<std::size_t>(message.rank)];
  Slot& slot = rank.slots.at(static_cast<std::size_t>(message.slot));
  slot.retired = true;
  ++n_retired_;
  if (slot.worker >= 0) scheduler_.remove_worker(slot.worker, now);
  idle_.erase({message.rank, message.slot});
  no_worker_.emplace(static_cast<ExitCode>(message.attempt), "no worker starts: " + message.text);
  no_start_.try_emplace(message.text, fmt::format("worker {} of rank {} on {}", message.slot,
                                                  message.rank, rank.host));
  work_came_back_ = true;  // what waited for this host
}

void Coordinator::lose(int lost, double now) {
  Rank& rank = ranks_[static_cast<std::size_t>(lost)];
  spdlog::warn("rank {} on {} is lost (silent for {:.0f} s); its trials are handed out again", lost,
               rank.host, options_.silence);
  rank.lost = true;
  ++n_lost_;
  work_came_back_ = true;  // what waited for this host
  for (std::size_t slot = 0; slot < rank.slots.size(); ++slot) {
    const int worker = rank.slots[slot].worker;
    idle_.erase({lost, static_cast<int>(slot)});
    if (worker < 0) continue;
    rank.slots[slot].gone = true;
    if (const auto trial = scheduler_.remove_worker(worker, now)) {
      store_.interrupted(record(*trial).spec.trial);
    }
  }
}

void Coordinator::look_for_silent_ranks(double now) {
  // Where this process itself was stopped or waited for a disk, the others are not to blame.
  const bool absent = now - last_turn_ > recently;
  for (int rank = 0; rank < channel_.size(); ++rank) {
    Rank& peer = ranks_[static_cast<std::size_t>(rank)];
    if (absent) peer.last_heard = std::max(peer.last_heard, now - recently);
    if (!peer.lost && now - peer.last_heard > options_.silence) lose(rank, now);
  }
  last_turn_ = now;
  next_look_ = now + 1.0;
}

void Coordinator::tell_of_failed_starts() {
  if (scheduler_.n_workers() == 0) return;  // it may be the error of all: result() tells
  for (auto& [reason, worker] : no_start_) {
    if (!worker.empty()) spdlog::warn("{} does not start: {}", worker, reason);
    worker.clear();
  }
}

void Coordinator::turn(double now) {
  tell_of_failed_starts();
  if (now >= next_look_ && !code_) look_for_silent_ranks(now);
  if (std::exchange(work_came_back_, false)) {
    for (auto worker = idle_.begin(); worker != idle_.end();) {
      const bool takes = speaks(ranks_[static_cast<std::size_t>(worker->first)], now);
      worker = takes && hand_out(*worker, now) ? idle_.erase(worker) : std::next(worker);
    }
  }
  store_.commit();
  store_.snapshot_if_due();
}

void Coordinator::drain(double now, double patience) {
  if (scheduler_.draining()) {  // whoever asks again may be in more of a hurry
    give_up_drain_ = std::min(give_up_drain_, now + patience);
    return;
  }
  scheduler_.drain();
  give_up_drain_ = now + patience;
  tell_all(Message::Kind::drain, now);
}

void Coordinator::tell_all(Message::Kind kind, double now) {
  for (int rank = 0; rank < channel_.size(); ++rank) {
    if (!speaks(ranks_[static_cast<std::size_t>(rank)], now)) continue;
    if (kind == Message::Kind::leave) {
      answer(rank);
    } else {
      send(rank, kind);
    }
  }
}

bool Coordinator::workers_to_come() const {
  return std::any_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) {
    return !rank.lost &&
           (!rank.known || std::any_of(rank.slots.begin(), rank.slots.end(), [](const Slot& slot) {
             return slot.worker < 0 && !slot.retired;
           }));
  });
}

bool Coordinator::finished(double now) const {
  if (scheduler_.n(TrialState::running) == 0 && scheduler_.n(TrialState::pending) == 0) return true;
  if (scheduler_.draining() && now > give_up_drain_) return true;
  return scheduler_.finished() && (scheduler_.draining() || !workers_to_come());
}

void Coordinator::finish(double now) {
  for (std::size_t trial = 0; trial < plan_.trials.size(); ++trial) {
    const TrialRecord& left = record(static_cast<int>(trial));
    if (left.state == TrialState::running) store_.interrupted(left.spec.trial);
  }
  const bool all_ended = scheduler_.n(TrialState::pending) + scheduler_.n(TrialState::running) == 0;
  const bool any_failed =
      scheduler_.n(TrialState::failed) + scheduler_.n(TrialState::quarantined) > 0;
  code_ = !all_ended ? ExitCode::unfinished : any_failed ? ExitCode::failed_trials : ExitCode::ok;
  if (*code_ == ExitCode::unfinished && nobody_could_work()) code_ = no_worker_->code();
  finished_at_ = now;
  tell_all(Message::Kind::leave, now);
  store_.snapshot();
}

bool Coordinator::nobody_could_work() const {
  return no_worker_ && !scheduler_.draining() && scheduler_.n_workers() == 0;
}

ExitCode Coordinator::result() const {
  if (nobody_could_work() && *code_ == no_worker_->code()) throw *no_worker_;
  if (no_worker_)
    spdlog::warn("{} workers could not be used; the last one: {}", n_retired_, no_worker_->what());
  return *code_;
}

bool Coordinator::dismissed(double now) const {
  return std::all_of(ranks_.begin(), ranks_.end(), [&](const Rank& rank) {
    return rank.lost || rank.told_leave ||
           now - std::max(rank.last_heard, finished_at_) > options_.silence;
  });
}

SweepProgress Coordinator::progress(double now) {
  SweepProgress progress;
  progress.n_trials = static_cast<int>(plan_.trials.size());
  progress.done = scheduler_.n(TrialState::done);
  progress.running = scheduler_.n(TrialState::running);
  progress.failed = scheduler_.n(TrialState::failed) + scheduler_.n(TrialState::quarantined);
  progress.rounds = rounds_;
  progress.rounds_total = rounds_total_;
  progress.seconds_left = scheduler_.seconds_left();
  progress.busy = scheduler_.busy_share(now);
  progress.draining = scheduler_.draining();
  return progress;
}

}  // namespace al_mpi
