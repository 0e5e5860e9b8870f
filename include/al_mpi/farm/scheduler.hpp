#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <al_mpi/farm/cost_model.hpp>
#include <al_mpi/farm/ending.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

struct SchedulerOptions {
  int max_attempts = 3;         ///< blamed failures before a trial is given up, >= 1
  double quick_failure = 60.0;  ///< seconds; a failure sooner than this may be the host's fault
  int host_strikes = 3;  ///< quick failures of different trials, none done between: no more work
};

/// A trial as the scheduler sees it.
struct PlannedTrial {
  std::string group;        ///< trials of a group cost the same: strategy and own settings
  double prior_cost = 1.0;  ///< relative, > 0
  TrialState state = TrialState::pending;
  int failures = 0;    ///< blamed ones of earlier farms
  double rest = 1.0;   ///< share of its rounds still to do, (0, 1]; < 1: started earlier
  bool wanted = true;  ///< false: a trial of an earlier, larger grid, which only keeps its number
};

/// What the end of a start means for its trial.
enum class Verdict { ignored, done, again, failed, quarantined };

/// Decides which trial a worker runs next, and what becomes of one that fails.
///
/// A pure state machine: no input, no output, no clock (`now` is in seconds, any origin, never
/// falling). A worker is a place of a rank where one trial runs at a time. Order: trials that were
/// started before, then the longest by learnt cost, so that no long trial is left for the end.
/// next() costs O(groups + log trials).
///
/// Blame: `max_attempts` failures, or failures on two hosts, end a trial; three quick failures of
/// different trials end a host (its failures are then forgiven), but never the last healthy one.
/// A file that cannot be read ends a trial once no host is left to try, or three failed; until then
/// it counts against the host alone.
/// Fencing: a worker that was given up may still finish; its `done` counts, anything else is
/// ignored.
class Scheduler {
 public:
  explicit Scheduler(const std::vector<PlannedTrial>& trials, const SchedulerOptions& options = {});

  int add_worker(const std::string& host, double now);
  /// The worker is gone; a trial it ran is pending again and returned.
  std::optional<int> remove_worker(int worker, double now);

  /// The trial that `worker` shall run now; none if there is none for it. The worker must be idle.
  std::optional<int> next(int worker, double now);
  Verdict ended(int worker, int trial, Ending ending, double now);
  void round_done(int trial, double rest);  ///< `rest`: share of its rounds still to do
  void drain() { draining_ = true; }

  bool draining() const { return draining_; }
  int n(TrialState state) const { return n_[static_cast<std::size_t>(state)]; }
  int n_workers() const { return n_workers_; }
  /// Nothing runs and nothing will: all trials ended, or draining, or no worker is left to take
  /// one.
  bool finished() const;
  int trial_of(int worker) const { return workers_[static_cast<std::size_t>(worker)].trial; }
  bool host_quarantined(const std::string& host) const;

  /// Seconds until the sweep ends at this pace; none as long as no trial has taught a duration.
  std::optional<double> seconds_left() const;
  double busy_share(double now);  ///< share of the workers' time spent in trials, [0, 1]

 private:
  struct Trial {
    int group = 0;
    TrialState state = TrialState::pending;
    float rest = 1.0F;
    float rest_at_start = 1.0F;
    int worker = -1;
    double started = 0.0;
  };
  struct Blame {
    int failures = 0;
    std::map<int, int> hosts;  ///< host -> failures counted there
    bool unreadable = false;
  };
  struct Worker {
    int host = 0;
    int trial = -1;
    bool here = true;
  };
  struct Host {
    std::set<int> strikes;  ///< trials that failed quickly here since the last one that was done
    int n_workers = 0;
    bool quarantined = false;
  };

  Trial& at(int trial) { return trials_[static_cast<std::size_t>(trial)]; }
  void set_state(int trial, TrialState state);
  void enqueue(int trial);
  void pass_time(double now);
  std::optional<int> take_started(int host);
  std::optional<int> take_longest();
  Verdict blame(int trial, int host, double now);
  Verdict blame_host(int trial, int host);
  bool untried(const Blame& blame) const;  ///< a working host has not failed on the trial
  void strike(int trial, int host);
  double cost_left(const Trial& trial) const { return costs_.cost(trial.group) * trial.rest; }

  SchedulerOptions options_;
  CostModel costs_;
  std::vector<Trial> trials_;
  std::vector<std::deque<int>> fresh_;  ///< per group: never started, in grid order
  /// (-cost left, trial) of resumed and retried trials.
  std::set<std::pair<double, int>> started_before_;
  std::unordered_map<int, Blame> blames_;
  std::vector<Worker> workers_;
  std::vector<Host> hosts_;
  std::map<std::string, int> host_names_;
  std::set<int> running_;
  std::array<int, 5> n_{};
  int n_fresh_ = 0;
  int n_workers_ = 0;
  bool draining_ = false;
  double last_ = 0.0, busy_ = 0.0, present_ = 0.0;  ///< worker seconds
};

}  // namespace al_mpi
