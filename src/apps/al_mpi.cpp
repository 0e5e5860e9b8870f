#include "al_mpi/dry_run.hpp"
#include "al_mpi/engine_check.hpp"
#include "al_mpi/launch.hpp"
#include "al_mpi/launcher.hpp"
#include "al_mpi/results_commands.hpp"
#include "al_mpi/run_sweep.hpp"
#include "al_mpi/simulation.hpp"
#include "al_mpi/status.hpp"
#include "al_mpi/tune.hpp"
#include "apps/app.hpp"
#include <al_mpi/config/sweep_config.hpp>

namespace {

using namespace al_mpi;

struct CommandLine {
  SweepArguments sweep;
  bool dry_run = false, help_config = false, plan = false, save_scores = false;
  std::string simulate;
  StatusArguments status;
  LaunchArguments launch;
  TuneArguments tune;
  EngineCheckArguments engine;
  std::string explain_file, explain_trial;
};

void add_sweep(CLI::App& app, CommandLine& line) {
  app.add_option("configuration", line.sweep.config, "of a sweep (YAML)")->type_name("CONFIG");
  app.add_option("overrides", line.sweep.overrides, "settings that win over the file")
      ->type_name("key.path=value");
  app.add_option("--workers", line.sweep.workers, "trials at once, a rank")
      ->check(CLI::PositiveNumber);
  app.add_flag("--retry-failed", line.sweep.retry_failed,
               "try failed and quarantined trials again");
  app.add_flag("--save-scores", line.save_scores,
               "keep the acquisition scores of the whole pool (results.save_scores)");
  app.add_flag("--dry-run", line.dry_run, "tell what would be done, touch nothing");
  app.add_flag("--plan", line.plan, "how well numbers of workers divide the grid");
  app.add_option("--simulate", line.simulate, "run the scheduler in virtual time")
      ->type_name("workers=W,trials=N");
  app.add_flag("--help-config", line.help_config, "every setting, its default and meaning");
}

CLI::App* add_status(CLI::App& app, CommandLine& line) {
  CLI::App* status = app.add_subcommand("status", "where a sweep stands, and what to do next");
  status->add_option("results", line.status.file, "results file, or the configuration")
      ->required()
      ->type_name("RESULTS|CONFIG");
  status->add_option("overrides", line.status.overrides, "settings that win over CONFIG")
      ->type_name("key.path=value");
  status->add_flag("--json", line.status.json, "for programs");
  status->add_flag("--all", line.status.all, "one line a trial");
  status->add_flag("--exit-code", line.status.exit_code,
                   "return 0 done, 4 some failed, 75 unfinished");
  return status;
}

CLI::App* add_explain(CLI::App& app, CommandLine& line) {
  CLI::App* explain = app.add_subcommand("explain", "why a trial is where it is");
  explain->add_option("results", line.explain_file, "results file")
      ->required()
      ->type_name("RESULTS");
  explain->add_option("trial", line.explain_trial, "number or key")->required()->type_name("TRIAL");
  return explain;
}

CLI::App* add_launch(CLI::App& app, CommandLine& line) {
  CLI::App* launch =
      app.add_subcommand("launch", "mpirun on this machine, until the sweep is done");
  launch->add_option("-n", line.launch.n_ranks, "ranks")->required()->check(CLI::PositiveNumber);
  launch->add_option("sweep", line.launch.sweep, "as without launch")
      ->required()
      ->type_name("CONFIG ...");
  launch->prefix_command();
  return launch;
}

ExitCode run_main(CommandLine& line, int& argc, char**& argv) {
  if (line.save_scores) line.sweep.overrides.push_back("results.save_scores=true");
  const bool only_tells = line.help_config || line.dry_run || line.plan || !line.simulate.empty();
  if (only_tells && started_as_rank() > 0) return ExitCode::ok;
  if (line.help_config) {
    fmt::print("{}", describe_config());
    return ExitCode::ok;
  }
  if (!line.simulate.empty()) return show_simulation(line.simulate, line.sweep);
  if (line.sweep.config.empty())
    throw ConfigError("", "no configuration given (see al_mpi --help)");
  if (line.dry_run) return dry_run(line.sweep);
  if (line.plan) return show_plan(line.sweep);
  return run_sweep(line.sweep, started_by_mpi(), argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs a sweep of active-learning trials: alone, under mpirun, or under srun.",
               "al_mpi"};
  CommandLine line;
  add_sweep(app, line);
  CLI::App* status = add_status(app, line);
  CLI::App* explain = add_explain(app, line);
  const ResultsCommands results(app);
  CLI::App* launched = add_launch(app, line);
  CLI::App* tuned = add_tune(app, line.tune);
  CLI::App* checked = add_check_engine(app, line.engine);
  app.require_subcommand(0, 1);
  return run_app(
      app, argc, argv,
      [&] {
        if (status->parsed()) return show_status(line.status);
        if (explain->parsed()) return explain_trial(line.explain_file, line.explain_trial);
        if (results.parsed()) return results.run();
        if (checked->parsed()) return run_engine_check(line.engine);
        if (tuned->parsed()) {
          return tune(line.tune, started_by_mpi(), started_as_rank(), argc, argv);
        }
        if (launched->parsed()) {
          const std::vector<std::string> rest = launched->remaining();
          line.launch.sweep.insert(line.launch.sweep.end(), rest.begin(), rest.end());
          return launch(line.launch);
        }
        return run_main(line, argc, argv);
      },
      started_as_rank() > 0);
}
