#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/farm/channel.hpp>
#include <al_mpi/results/store.hpp>

namespace al_mpi {

struct SweepArguments {
  std::string config;
  std::vector<std::string> overrides;
  int workers = 0;  ///< of each rank; 0: as the configuration says
  bool retry_failed = false;
  bool tells_what_next = true;  ///< as the last line
  std::string mpi_library;      ///< its version, for the record
};

/// The configuration with the command line applied, checked against the dataset and the settings of
/// a results file that is there already; what that file is about. Shared with --dry-run and launch.
struct Sweep {
  SweepConfig config;
  std::vector<TrialSpec> grid;
  Provenance provenance;
  std::shared_ptr<const Dataset> dataset;  ///< null where an own engine has data of its own
};
Sweep prepare_sweep(const SweepArguments& arguments);

/// What results.thumbnails keeps, and about how many bytes that takes: one line.
std::string thumbnails_line(const Sweep& sweep);

struct RankEnd {
  ExitCode code = ExitCode::ok;
  bool lost_peer = false;   ///< MPI_Finalize might hang
  bool wants_more = false;  ///< sweep.target_ci asks for trials that were not in this grid
};

/// Where a rank stands.
struct RankPlace {
  int local_rank = 0;                         ///< among the ranks of this node
  bool under_mpi = false;                     ///< else this process is alone
  std::function<void()> lost_peer = nullptr;  ///< called once it is known that a rank was lost
};

/// Runs rank 0 to the end of the sweep. It alone reads the configuration, writes files, and throws
/// what is wrong (the other ranks are told to leave first). It has workers of its own.
RankEnd lead_sweep(Channel& channel, const RankPlace& place, const SweepArguments& arguments);

/// Runs any other rank to the end of the sweep.
RankEnd follow_sweep(Channel& channel, const RankPlace& place);

}  // namespace al_mpi
