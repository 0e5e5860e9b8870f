#include "coordinator.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include <al_mpi/trial/engine_line.hpp>

namespace al_mpi {
namespace {

/// Ranks send a heartbeat a second. One that was heard of within this time (seconds) takes
/// messages.
constexpr double recently = 3.0;

}  // namespace

Coordinator::Coordinator(Channel& channel, ResultsStore& store, SweepPlan plan,
                         CoordinatorOptions options)
    : channel_(channel),
      store_(store),
      plan_(std::move(plan)),
      options_(std::move(options)),
      scheduler_(plan_.trials, options_.scheduler),
      ranks_(static_cast<std::size_t>(channel.size())) {
  for (std::size_t trial = 0; trial < plan_.trials.size(); ++trial) {
    if (!plan_.trials[trial].wanted) continue;
    ++n_trials_;
    rounds_ += store.rounds_done(static_cast<int>(trial));
    rounds_total_ += plan_.n_rounds[trial];
  }
}

/// The ranks that have been heard of just now.
std::vector<int> Coordinator::speaking(double now) const {
  std::vector<int> speaking;
  for (int rank = 0; rank < channel_.size(); ++rank) {
    const Rank& peer = ranks_[static_cast<std::size_t>(rank)];
    if (peer.known && !peer.lost && now - peer.last_heard < recently) speaking.push_back(rank);
  }
  return speaking;
}

void Coordinator::handle(int from, const Report& report, double now) {
  Rank& rank = at(from);
  if (rank.lost) {
    spdlog::warn("rank {} on {} speaks again", from, rank.host);
    rank.lost = false;
  }
  rank.last_heard = now;
  std::visit([&](const auto& one) { take(from, one, now); }, report);
}

void Coordinator::take(int from, const message::Hello& hello, double /*now*/) {
  Rank& rank = at(from);
  rank.known = true;
  rank.host = hello.host;
  const int n_workers = options_.workers_per_rank > 0 ? options_.workers_per_rank : hello.n_workers;
  rank.workers.assign(static_cast<std::size_t>(n_workers), {});
  if (code_) return answer(from);
  channel_.send(from, message::Configure{n_workers, options_.configuration});
}

void Coordinator::take(int /*from*/, const message::DrainWish& /*wish*/, double /*now*/) {
  drain_wished_ = true;
}

void Coordinator::take(int from, const message::Heartbeat& /*heartbeat*/, double /*now*/) {
  answer(from);
}

void Coordinator::answer(int to) {
  if (code_) {
    at(to).told_leave = true;
    return channel_.send(to, message::Leave{*code_, lost_ranks()});
  }
  if (scheduler_.draining()) return channel_.send(to, message::Drain{});
  channel_.send(to, message::Going{});
}

void Coordinator::take(int from, const message::Idle& idle, double now) {
  Worker& worker = worker_at(from, idle.worker);
  if (worker.number < 0 || worker.gone) worker.number = scheduler_.add_worker(at(from).host, now);
  worker.gone = false;
  devices_[worker.number] = idle.device;
  const Place place{from, idle.worker};
  if (code_ || !hand_out(place, now)) idle_.insert(place);
}

bool Coordinator::hand_out(const Place& idle, double now) {
  const auto [to, which] = idle;
  const int worker = worker_at(to, which).number;
  const std::optional<int> trial = scheduler_.next(worker, now);
  if (!trial) return false;
  store_.started(*trial, to, at(to).host, devices_[worker], options_.threads);
  const TrialSpec& spec = record(*trial).spec;
  const int attempt = record(*trial).attempts;
  channel_.send(to, message::Run{{which, *trial, attempt},
                                 spec.key(),
                                 run_line(spec, attempt, store_.checkpoint_path(*trial))});
  return true;
}

void Coordinator::take(int from, const message::Round& round, double now) {
  const int trial = round.of.trial;
  try {
    const RoundRecord parsed = parse_round(round.line);
    if (parsed.key != record(trial).spec.key())
      throw DataError("engine", "key", fmt::format("it answered for trial '{}'", parsed.key));
    if (store_.take(parsed, round.line) != ResultsStore::Taken::stored) return;
    ++rounds_;
    const double left = 1.0 - static_cast<double>(parsed.round + 1) /
                                  plan_.n_rounds[static_cast<std::size_t>(trial)];
    scheduler_.round_done(trial, std::max(left, 0.01));
  } catch (const DataError& error) {  // what else the engine says of this start does not count
    give_back(from, {round.of, Ending::failed, error.what(), 0.0}, now);
  }
}

void Coordinator::take(int from, const message::Ended& ended, double now) {
  if (ended.ending != Ending::done) return give_back(from, ended, now);
  const int trial = ended.of.trial;
  const int n = store_.rounds_done(trial);
  const int n_rounds = plan_.n_rounds[static_cast<std::size_t>(trial)];
  if (n < n_rounds) {
    const std::string why = fmt::format("done after {} of {} rounds", n, n_rounds);
    return give_back(from, {ended.of, Ending::failed, why, 0.0}, now);
  }
  const int worker = worker_at(from, ended.of.worker).number;
  if (scheduler_.ended(worker, trial, Ending::done, now) == Verdict::done) {
    store_.done(trial, ended.seconds);
  }
}

/// Takes note of a start that did not finish its trial.
void Coordinator::give_back(int from, const message::Ended& ended, double now) {
  const int trial = ended.of.trial;
  const std::string& host = at(from).host;
  const bool had_work = !scheduler_.host_quarantined(host);
  const Verdict verdict =
      scheduler_.ended(worker_at(from, ended.of.worker).number, trial, ended.ending, now);
  if (verdict == Verdict::ignored) return;
  work_came_back_ = work_came_back_ || verdict == Verdict::again;
  if (ended.ending == Ending::stopped) return store_.interrupted(trial);
  const bool final = verdict != Verdict::again;
  const char* outcome = verdict == Verdict::again         ? "failed, will be tried again"
                        : verdict == Verdict::quarantined ? "quarantined (failed on two hosts)"
                                                          : "failed";
  spdlog::warn("trial {} {}: {} (attempt {} on {})", record(trial).spec.key(), outcome, ended.why,
               ended.of.attempt, host);
  if (had_work && scheduler_.host_quarantined(host))
    spdlog::warn("{} gets no more work: {} different trials failed there, the last one: {}", host,
                 options_.scheduler.host_strikes, ended.why);
  store_.failed(trial, ended.why, final, verdict == Verdict::quarantined);
}

void Coordinator::take(int from, const message::Retired& retired, double now) {
  Worker& worker = worker_at(from, retired.worker);
  worker.retired = true;
  ++n_retired_;
  if (worker.number >= 0) scheduler_.remove_worker(worker.number, now);
  idle_.erase({from, retired.worker});
  no_worker_.emplace(retired.code, "no worker starts: " + retired.why);
  no_start_.try_emplace(
      retired.why, fmt::format("worker {} of rank {} on {}", retired.worker, from, at(from).host));
  work_came_back_ = true;  // what waited for this host
}

void Coordinator::lose(int lost, double now) {
  Rank& rank = ranks_[static_cast<std::size_t>(lost)];
  spdlog::warn("rank {} on {} is lost (silent for {:.0f} s); its trials are handed out again", lost,
               rank.host, options_.silence);
  rank.lost = true;
  ++n_lost_;
  work_came_back_ = true;  // what waited for this host
  for (std::size_t i = 0; i < rank.workers.size(); ++i) {
    const int worker = rank.workers[i].number;
    idle_.erase({lost, static_cast<int>(i)});
    if (worker < 0) continue;
    rank.workers[i].gone = true;
    if (const auto trial = scheduler_.remove_worker(worker, now)) store_.interrupted(*trial);
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
    const std::vector<int> ranks = speaking(now);
    for (auto worker = idle_.begin(); worker != idle_.end();) {
      const bool takes = std::binary_search(ranks.begin(), ranks.end(), worker->first);
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
  for (const int rank : speaking(now)) answer(rank);
}

bool Coordinator::workers_to_come() const {
  return std::any_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) {
    return !rank.lost && (!rank.known || std::any_of(rank.workers.begin(), rank.workers.end(),
                                                     [](const Worker& worker) {
                                                       return worker.number < 0 && !worker.retired;
                                                     }));
  });
}

bool Coordinator::finished(double now) const {
  if (scheduler_.n(TrialState::running) == 0 && scheduler_.n(TrialState::pending) == 0) return true;
  if (scheduler_.draining() && now > give_up_drain_) return true;
  return scheduler_.finished() && (scheduler_.draining() || !workers_to_come());
}

void Coordinator::finish(double now) {
  for (const TrialRecord& left : store_.trials()) {
    if (left.state == TrialState::running) store_.interrupted(left.spec.trial);
  }
  const bool all_ended = scheduler_.n(TrialState::pending) + scheduler_.n(TrialState::running) == 0;
  const bool any_failed =
      scheduler_.n(TrialState::failed) + scheduler_.n(TrialState::quarantined) > 0;
  code_ = !all_ended ? ExitCode::unfinished : any_failed ? ExitCode::failed_trials : ExitCode::ok;
  if (*code_ == ExitCode::unfinished && nobody_could_work()) code_ = no_worker_->code();
  finished_at_ = now;
  for (const int rank : speaking(now)) answer(rank);
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
  progress.n_trials = n_trials_;
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
