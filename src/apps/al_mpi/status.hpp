#pragma once

#include <string>
#include <vector>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

struct StatusArguments {
  std::string file;  ///< the results file, or a configuration (.yaml) that names it
  std::vector<std::string> overrides;  ///< of the configuration
  bool json = false;
  bool all = false;        ///< one line a trial
  bool exit_code = false;  ///< return what the sweep would: launchers distort it
};

/// Where a sweep stands by its files, in three numbers.
struct SweepStatus {
  ExitCode code = ExitCode::unfinished;  ///< what the sweep would return now
  long rounds = 0;                       ///< stored
  long attempts = 0;                     ///< trials ended on a worker, whichever way
};
SweepStatus sweep_status(const std::string& file);  ///< unfinished where nothing is there yet

/// Prints where a sweep stands and what to do next, from its files: also while it runs, and after
/// any kill.
ExitCode show_status(const StatusArguments& arguments);

/// Prints why a trial is where it is: its attempts, and the tail of its last worker's log. `trial`
/// is a number or a key.
ExitCode explain_trial(const std::string& file, const std::string& trial);

}  // namespace al_mpi
