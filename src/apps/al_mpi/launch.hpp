#pragma once

#include <string>
#include <vector>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

struct LaunchArguments {
  int n_ranks = 0;
  std::vector<std::string> sweep;  ///< the rest of the command line: CONFIG, overrides, options
};

/// `al_mpi launch -n N CONFIG ...`: mpirun with the flags under which a lost rank does not end the
/// job, started again until the sweep is done, drained by the user, or makes no progress any more.
/// The exit code comes from the files: mpirun's own says little under --enable-recovery.
ExitCode launch(const LaunchArguments& arguments);

}  // namespace al_mpi
