#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

/// `al_trial pick`: applies a strategy or an initial set to stored arrays.
struct PickOptions {
  std::string strategy;
  std::string init;
  std::string input;
  std::string group = "/";
  std::int64_t n = 32;
  std::int64_t seed = 1;
  int round = 1;
  std::string output;  ///< empty = standard output
  std::string scores;  ///< CSV file of all candidates' scores; empty = none
  std::vector<std::string> overrides;
};

/// The subcommand; `options` must outlive the parsing.
CLI::App* add_pick_command(CLI::App& app, PickOptions& options);

/// Writes "order,index,score", a line a pick, best first; to `scores` "index,score", a line a
/// candidate.
ExitCode run_pick(const PickOptions& options);

}  // namespace al_mpi
