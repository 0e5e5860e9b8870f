#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/campaign/campaign.hpp>

namespace al_mpi {

/// `al_trial ask CONFIG --campaign DIR`
struct AskOptions {
  std::string config;
  std::vector<std::string> overrides;
  std::string campaign;
  std::string strategy, init;  ///< empty = the configuration's
  std::int64_t seed = -1;      ///< -1 = the configuration's first
  std::string image_prefix;    ///< empty = Label Studio's for local files
};

/// `al_trial tell --campaign DIR ANSWERS`
struct TellOptions {
  std::string campaign;
  TellRequest request;
};

/// `al_trial where --campaign DIR`
struct WhereOptions {
  std::string campaign;
  double least_gain = 0.005;  ///< accuracy that another round has to bring
};

/// The subcommands; `options` must outlive the parsing.
CLI::App* add_ask_command(CLI::App& app, AskOptions& options);
CLI::App* add_tell_command(CLI::App& app, TellOptions& options);

CLI::App* add_where_command(CLI::App& app, WhereOptions& options);

ExitCode run_ask(const AskOptions& options);
ExitCode run_tell(const TellOptions& options);
ExitCode run_where(const WhereOptions& options);

}  // namespace al_mpi
