#pragma once

#include <optional>
#include <string>

namespace al_mpi {

/// Where a sweep stands.
struct SweepProgress {
  int n_trials = 0, done = 0, running = 0, failed = 0;  ///< failed: quarantined ones too
  long rounds = 0, rounds_total = 0;
  std::optional<double> seconds_left;
  double busy = 0.0;  ///< share of the workers' time spent in trials
  bool draining = false;
};

/// "12/30 trials done, 2 running, 1 failed | 140/330 rounds | 1 h 12 min left | busy 97 %"
std::string to_string(const SweepProgress& progress);
std::string human_duration(double seconds);  ///< "41 s", "12 min", "3 h 20 min", "2 d 4 h"

/// What to do next with the sweep in `file`, of whose trials `left` have not ended: one line.
std::string what_next(const std::string& file, int left, int failed);

/// Shows progress on standard error: one living line on a terminal, else a line now and then.
class ProgressLine {
 public:
  ProgressLine();
  void show(const SweepProgress& progress, double now);
  void finish(const SweepProgress& progress);

  bool due(double now);

 private:
  bool terminal_;
  double next_ = 0.0;
  double pause_ = 5.0;  ///< seconds between two lines of a log; grows to a minute
};

}  // namespace al_mpi
