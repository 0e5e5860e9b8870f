#pragma once

#include <string>
#include <vector>

#include <al_mpi/base/error.hpp>

namespace CLI {
class App;
}

namespace al_mpi {

/// `al_mpi check-engine -- COMMAND`: whether a program keeps the rules of docs/protocols.md.
struct EngineCheckArguments {
  std::string config;                 ///< empty: a small one on built-in scenes
  std::vector<std::string> settings;  ///< that win over it
  std::vector<std::string> command;   ///< empty: the configuration's farm.engine
  double time_limit = 60.0;           ///< seconds without a line
};

CLI::App* add_check_engine(CLI::App& app, EngineCheckArguments& arguments);

/// Prints a line a rule; failed_trials where one is broken.
ExitCode run_engine_check(const EngineCheckArguments& arguments);

}  // namespace al_mpi
