#include <al_mpi/farm/scheduler.hpp>

#include <algorithm>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// How many retried trials are looked through for one that has not failed on the asking host.
constexpr int n_looked_through = 16;

}  // namespace

Scheduler::Scheduler(const std::vector<PlannedTrial>& trials, const SchedulerOptions& options)
    : options_(options) {
  trials_.reserve(trials.size());
  for (const PlannedTrial& planned : trials) {
    const int trial = static_cast<int>(trials_.size());
    Trial& added = trials_.emplace_back();
    if (!planned.wanted) {
      added.state = TrialState::done;
      continue;
    }
    added.group = costs_.group(planned.group, planned.prior_cost);
    added.rest = static_cast<float>(planned.rest);
    // What an earlier farm left running is pending for this one.
    added.state = planned.state == TrialState::running ? TrialState::pending : planned.state;
    ++n_[static_cast<std::size_t>(added.state)];
    if (planned.failures > 0) blames_[trial].failures = planned.failures;
    if (added.state == TrialState::pending) enqueue(trial);
  }
}

void Scheduler::enqueue(int trial) {
  const Trial& queued = at(trial);
  fresh_.resize(static_cast<std::size_t>(costs_.n_groups()));
  if (queued.rest < 1.0F || blames_.count(trial) > 0) {
    started_before_.emplace(-cost_left(queued), trial);
  } else {
    fresh_[static_cast<std::size_t>(queued.group)].push_back(trial);
    ++n_fresh_;
  }
}

void Scheduler::set_state(int trial, TrialState state) {
  TrialState& current = at(trial).state;
  --n_[static_cast<std::size_t>(current)];
  ++n_[static_cast<std::size_t>(state)];
  if (state == TrialState::running) running_.insert(trial);
  if (current == TrialState::running) running_.erase(trial);
  current = state;
}

void Scheduler::pass_time(double now) {
  const double passed = n_workers_ > 0 ? now - last_ : 0.0;
  busy_ += passed * static_cast<double>(running_.size());
  present_ += passed * n_workers_;
  last_ = now;
}

double Scheduler::busy_share(double now) {
  pass_time(now);
  return present_ > 0.0 ? std::min(1.0, busy_ / present_) : 0.0;
}

int Scheduler::add_worker(const std::string& host, double now) {
  pass_time(now);
  const auto [found, is_new] = host_names_.try_emplace(host, static_cast<int>(hosts_.size()));
  if (is_new) hosts_.emplace_back();
  ++hosts_[static_cast<std::size_t>(found->second)].n_workers;
  ++n_workers_;
  workers_.push_back({found->second, -1, true});
  return static_cast<int>(workers_.size()) - 1;
}

std::optional<int> Scheduler::remove_worker(int worker, double now) {
  Worker& gone = workers_[static_cast<std::size_t>(worker)];
  if (!gone.here) return std::nullopt;
  const int trial = gone.trial;
  std::optional<int> freed;
  if (trial >= 0 && ended(worker, trial, Ending::lost, now) == Verdict::again) freed = trial;
  pass_time(now);
  gone.here = false;
  --hosts_[static_cast<std::size_t>(gone.host)].n_workers;
  --n_workers_;
  return freed;
}

std::optional<int> Scheduler::take_started(int host) {
  int looked = 0;
  for (auto entry = started_before_.begin(); entry != started_before_.end();) {
    const int trial = entry->second;
    if (at(trial).state != TrialState::pending) {  // a late worker finished it meanwhile
      entry = started_before_.erase(entry);
      continue;
    }
    const auto blame = blames_.find(trial);
    const bool failed_here = blame != blames_.end() && blame->second.hosts.count(host) > 0;
    const bool elsewhere = failed_here && blame->second.unreadable && untried(blame->second);
    if (!elsewhere && (!failed_here || n_fresh_ == 0)) {
      started_before_.erase(entry);
      return trial;
    }
    if (++looked == n_looked_through) break;
    ++entry;
  }
  return std::nullopt;
}

std::optional<int> Scheduler::take_longest() {
  int longest = -1;
  for (int group = 0; group < costs_.n_groups(); ++group) {
    if (fresh_[static_cast<std::size_t>(group)].empty()) continue;
    if (longest < 0 || costs_.cost(group) > costs_.cost(longest)) longest = group;
  }
  if (longest < 0) return std::nullopt;
  std::deque<int>& queue = fresh_[static_cast<std::size_t>(longest)];
  const int trial = queue.front();
  queue.pop_front();
  --n_fresh_;
  return trial;
}

std::optional<int> Scheduler::next(int worker, double now) {
  Worker& asking = workers_[static_cast<std::size_t>(worker)];
  check(asking.trial < 0, "worker {} asks for work while it runs trial {}", worker, asking.trial);
  if (draining_ || !asking.here) return std::nullopt;
  if (hosts_[static_cast<std::size_t>(asking.host)].quarantined) return std::nullopt;
  std::optional<int> trial = take_started(asking.host);
  if (!trial) trial = take_longest();
  if (!trial) return std::nullopt;
  pass_time(now);
  set_state(*trial, TrialState::running);
  Trial& taken = at(*trial);
  taken.worker = worker;
  taken.started = now;
  taken.rest_at_start = taken.rest;
  asking.trial = *trial;
  return trial;
}

void Scheduler::round_done(int trial, double rest) {
  at(trial).rest = std::min(at(trial).rest, static_cast<float>(rest));
}

Verdict Scheduler::ended(int worker, int trial, Ending ending, double now) {
  pass_time(now);
  Worker& reporter = workers_[static_cast<std::size_t>(worker)];
  if (reporter.trial == trial) reporter.trial = -1;
  Trial& subject = at(trial);
  const bool current = subject.state == TrialState::running && subject.worker == worker;

  if (ending == Ending::done) {
    if (subject.state == TrialState::done) return Verdict::ignored;
    if (current && subject.rest_at_start == 1.0F)
      costs_.learn(subject.group, now - subject.started);
    hosts_[static_cast<std::size_t>(reporter.host)].strikes.clear();
    set_state(trial, TrialState::done);
    blames_.erase(trial);
    return Verdict::done;
  }
  if (!current) return Verdict::ignored;
  if (ending == Ending::refused) {
    set_state(trial, TrialState::failed);
    return Verdict::failed;
  }
  if (ending == Ending::failed) return blame(trial, reporter.host, now);
  if (ending == Ending::unreadable) return blame_host(trial, reporter.host);
  set_state(trial, TrialState::pending);
  enqueue(trial);
  return Verdict::again;
}

Verdict Scheduler::blame(int trial, int host, double now) {
  Blame& blame = blames_[trial];
  ++blame.failures;
  ++blame.hosts[host];
  if (now - at(trial).started < options_.quick_failure) strike(trial, host);
  if (blame.failures >= options_.max_attempts) {
    set_state(trial, TrialState::failed);
    return Verdict::failed;
  }
  if (blame.hosts.size() >= 2) {
    set_state(trial, TrialState::quarantined);
    return Verdict::quarantined;
  }
  set_state(trial, TrialState::pending);
  enqueue(trial);
  return Verdict::again;
}

Verdict Scheduler::blame_host(int trial, int host) {
  Blame& blame = blames_[trial];
  blame.unreadable = true;
  blame.hosts.try_emplace(host, 0);
  if (!untried(blame) || static_cast<int>(blame.hosts.size()) >= options_.host_strikes) {
    set_state(trial, TrialState::failed);
    return Verdict::failed;
  }
  strike(trial, host);
  set_state(trial, TrialState::pending);
  enqueue(trial);
  return Verdict::again;
}

bool Scheduler::untried(const Blame& blame) const {
  for (std::size_t host = 0; host < hosts_.size(); ++host) {
    const bool works = hosts_[host].n_workers > 0 && !hosts_[host].quarantined;
    if (works && blame.hosts.count(static_cast<int>(host)) == 0) return true;
  }
  return false;
}

void Scheduler::strike(int trial, int host) {
  Host& suspect = hosts_[static_cast<std::size_t>(host)];
  suspect.strikes.insert(trial);
  const bool another = std::any_of(hosts_.begin(), hosts_.end(), [&](const Host& other) {
    return &other != &suspect && other.n_workers > 0 && !other.quarantined;
  });
  const bool enough = static_cast<int>(suspect.strikes.size()) >= options_.host_strikes;
  // One that is quarantined already reports what its other workers ran meanwhile.
  suspect.quarantined = suspect.quarantined || (enough && another);
  if (!suspect.quarantined) return;
  for (const int forgiven : suspect.strikes) {
    const auto found = blames_.find(forgiven);
    if (found == blames_.end()) continue;
    const auto here = found->second.hosts.find(host);
    if (here == found->second.hosts.end()) continue;
    found->second.failures -= here->second;
    found->second.hosts.erase(here);
  }
  suspect.strikes.clear();
}

bool Scheduler::host_quarantined(const std::string& host) const {
  const auto found = host_names_.find(host);
  return found != host_names_.end() && hosts_[static_cast<std::size_t>(found->second)].quarantined;
}

bool Scheduler::finished() const {
  if (!running_.empty()) return false;
  if (draining_ || n(TrialState::pending) == 0) return true;
  return std::none_of(hosts_.begin(), hosts_.end(),
                      [](const Host& host) { return host.n_workers > 0 && !host.quarantined; });
}

std::optional<double> Scheduler::seconds_left() const {
  if (!costs_.knows_seconds() || n_workers_ == 0) return std::nullopt;
  double sum = 0.0;
  double longest = 0.0;
  const auto add = [&](double cost, double count) {
    sum += cost * count;
    longest = std::max(longest, cost);
  };
  for (std::size_t group = 0; group < fresh_.size(); ++group) {
    if (!fresh_[group].empty()) {
      add(costs_.cost(static_cast<int>(group)), static_cast<double>(fresh_[group].size()));
    }
  }
  for (const auto& entry : started_before_)
    add(cost_left(trials_[static_cast<std::size_t>(entry.second)]), 1.0);
  for (const int trial : running_) add(cost_left(trials_[static_cast<std::size_t>(trial)]), 1.0);
  return std::max(longest, sum / n_workers_);
}

}  // namespace al_mpi
