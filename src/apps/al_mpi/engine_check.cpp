#include "engine_check.hpp"

#include <csignal>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <al_mpi/base/log.hpp>
#include <al_mpi/sweep/check_engine.hpp>

namespace al_mpi {
namespace {

// Enough rounds to interrupt, little to learn.
constexpr const char* small_trial =
    "dataset: {synthetic: {n_train: 60, n_test: 20, n_classes: 3, tile: 16}}\n"
    "model: {name: small_cnn}\n"
    "training: {epochs: 1}\n"
    "loop: {n_init: 8, n_query: 8, n_rounds: 3}\n"
    "farm: {device: cpu}\n";

SweepConfig configuration(const EngineCheckArguments& arguments) {
  std::vector<std::string> settings = arguments.settings;
  if (!arguments.command.empty()) {
    settings.push_back("farm.engine=" + nlohmann::json(arguments.command).dump());
  }
  SweepConfig config = arguments.config.empty()
                           ? parse_config(small_trial, "check-engine", settings)
                           : load_config(arguments.config, settings);
  if (config.farm.engine.command.empty()) {
    throw ConfigError("", "no engine given (al_mpi check-engine -- COMMAND ...)");
  }
  if (config.loop.n_rounds < 2) {
    throw ConfigError("loop.n_rounds", "two queries are needed at least, to interrupt between");
  }
  return config;
}

}  // namespace

CLI::App* add_check_engine(CLI::App& app, EngineCheckArguments& arguments) {
  CLI::App* verb = app.add_subcommand("check-engine",
                                      "whether a program keeps the rules of an engine "
                                      "(docs/protocols.md)");
  verb->add_option("--config", arguments.config,
                   "configuration whose first trial is run; else a small one on built-in scenes")
      ->type_name("CONFIG");
  verb->add_option("--set", arguments.settings, "settings that win over it")
      ->allow_extra_args(false)
      ->type_name("key.path=value");
  verb->add_option("--time-limit", arguments.time_limit, "seconds that it may say nothing")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("command", arguments.command,
                   "after --: the engine and its arguments; else CONFIG's farm.engine")
      ->type_name("-- COMMAND ...");
  return verb;
}

ExitCode run_engine_check(const EngineCheckArguments& arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // an engine may be gone when it is written to
  EngineCheckOptions options;
  options.config = configuration(arguments);
  options.time_limit = arguments.time_limit;
  const bool holds = check_engine(options, [](const EngineCheck& part) {
    const bool good = part.problem.empty();
    fmt::print("{:<7} {:<9} {}\n", good ? "ok" : "BROKEN", part.part, part.rule);
    if (!good) fmt::print("{:17} {}\n", "", part.problem);
    std::fflush(stdout);
  });
  fmt::print("{}\n", holds ? "the engine keeps every rule"
                           : "the engine breaks rules of docs/protocols.md");
  return holds ? ExitCode::ok : ExitCode::failed_trials;
}

}  // namespace al_mpi
