#pragma once

#include <functional>
#include <string>

#include <al_mpi/config/sweep_config.hpp>

namespace al_mpi {

struct EngineCheckOptions {
  SweepConfig config;        ///< names the engine; its first trial is run
  double time_limit = 60.0;  ///< seconds without a line
};

/// What came of one part of the conformance test.
struct EngineCheck {
  std::string part;     ///< "start", "rounds", ...
  std::string rule;     ///< what docs/protocols.md asks for
  std::string problem;  ///< which part of it is broken, and how; empty: it holds
};

/// Drives an engine as a worker of the farm would: start, a trial, the same trial again, a kill and
/// a resume, a drain, bad tasks, the end of its input. `tell` hears of each part when it is over.
/// Whether all rules hold.
bool check_engine(const EngineCheckOptions& options,
                  const std::function<void(const EngineCheck&)>& tell);

}  // namespace al_mpi
