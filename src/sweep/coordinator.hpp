#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <al_mpi/base/error.hpp>
#include <al_mpi/farm/channel.hpp>
#include <al_mpi/farm/scheduler.hpp>
#include <al_mpi/results/store.hpp>
#include <al_mpi/sweep/plan.hpp>
#include <al_mpi/sweep/progress.hpp>

namespace al_mpi {

struct CoordinatorOptions {
  std::string configuration;  ///< configuration_text(); every supervisor gets it
  int workers_per_rank = 0;   ///< 0: what each rank thinks right for its node
  int threads = 1;            ///< CPU threads a trial, for the record
  SchedulerOptions scheduler;
  double silence = 60.0;  ///< seconds without a message before a rank is given up
};

/// Rank 0: joins the scheduler, the results store and the messages of all supervisors.
///
/// It writes only to ranks it has just heard of: a message to a dead one might never leave. A rank
/// that is silent too long is given up and its trials are handed out again; if it speaks later, it
/// gets work again.
class Coordinator {
 public:
  Coordinator(Channel& channel, ResultsStore& store, SweepPlan plan, CoordinatorOptions options);

  void handle(int from, const Report& report, double now);
  void turn(double now);  ///< lost ranks, hand-outs, commit, snapshot
  /// Hands out nothing more; finished() after `patience` seconds even if trials still run.
  void drain(double now, double patience);
  bool drain_wished() const { return drain_wished_; }  ///< another rank got a signal

  bool finished(double now) const;
  /// After finish(): whether every rank that still speaks was told to leave.
  bool dismissed(double now) const;
  void finish(double now);  ///< ends the sweep: ranks are told to leave, snapshot
  /// After finish(). Throws the error that kept every worker from starting, if that is what
  /// happened.
  ExitCode result() const;
  bool lost_ranks() const { return n_lost_ > 0; }
  SweepProgress progress(double now);

 private:
  struct Worker {
    int number = -1;    ///< the scheduler's number; -1: not there (yet, or any more)
    bool gone = false;  ///< its rank was lost since
    bool retired = false;
  };
  struct Rank {
    double last_heard = 0.0;
    bool known = false;  ///< said hello
    bool lost = false;
    bool told_leave = false;
    std::string host;
    std::vector<Worker> workers;
  };
  using Place = std::pair<int, int>;  ///< of a worker: rank, number there

  // One of these for each kind of report.
  void take(int from, const message::Hello& hello, double now);
  void take(int from, const message::Idle& idle, double now);
  void take(int from, const message::Round& round, double now);
  void take(int from, const message::Ended& ended, double now);
  void take(int from, const message::Retired& retired, double now);
  void take(int from, const message::DrainWish& wish, double now);
  void take(int from, const message::Heartbeat& heartbeat, double now);

  void give_back(int from, const message::Ended& ended, double now);
  bool hand_out(const Place& idle, double now);
  void tell_of_failed_starts();
  void lose(int rank, double now);
  void answer(int rank);
  void look_for_silent_ranks(double now);
  std::vector<int> speaking(double now) const;
  Rank& at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
  Worker& worker_at(int rank, int worker) {
    return at(rank).workers.at(static_cast<std::size_t>(worker));
  }
  bool workers_to_come() const;
  bool nobody_could_work() const;
  const TrialRecord& record(int trial) const {
    return store_.trials().at(static_cast<std::size_t>(trial));
  }

  Channel& channel_;
  ResultsStore& store_;
  SweepPlan plan_;
  CoordinatorOptions options_;
  Scheduler scheduler_;
  std::vector<Rank> ranks_;
  std::set<Place> idle_;
  std::map<int, std::string> devices_;  ///< worker -> what its engine runs on
  std::optional<Error> no_worker_;      ///< why the last retired worker could not start
  /// Why workers could not start -> the first of them; empty once it was told.
  std::map<std::string, std::string> no_start_;
  int n_retired_ = 0, n_trials_ = 0;
  bool drain_wished_ = false;
  double give_up_drain_ = 0.0;
  double finished_at_ = 0.0;
  double last_turn_ = 0.0;
  double next_look_ = 0.0;  ///< for silent ranks
  long rounds_ = 0, rounds_total_ = 0;
  int n_lost_ = 0;
  bool work_came_back_ = false;  ///< a trial is pending again: idle workers may take it
  std::optional<ExitCode> code_;
};

}  // namespace al_mpi
