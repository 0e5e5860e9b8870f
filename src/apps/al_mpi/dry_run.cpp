#include "dry_run.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/ranges.h>

#include <al_mpi/farm/devices.hpp>
#include <al_mpi/sweep/plan.hpp>
#include <al_mpi/sweep/workplace.hpp>

namespace al_mpi {
namespace {

/// Bytes that one round leaves in the results file and the journal: picks, confusion matrix,
/// calibration, a row.
double bytes_of_round(const SweepConfig& config, std::size_t n_classes) {
  const double picks = 40.0 * static_cast<double>(std::max(config.loop.n_query, std::int64_t{1}));
  const double confusion = 12.0 * static_cast<double>(n_classes * n_classes);
  return 900.0 + picks + confusion;
}

/// Which strategy picks in which round: a text for each schedule of the sweep.
std::set<std::string> schedules_of(const Sweep& sweep) {
  std::set<std::string> texts;
  if (!sweep.config.farm.engine.command.empty()) return texts;
  for (const TrialSpec& spec : sweep.grid) {
    if (spec.strategy != "schedule") continue;
    texts.insert(describe_schedule(with_settings(sweep.config, spec.settings)));
  }
  return texts;
}

/// Which strategies divide scores by costs, and which do not.
void print_cost_rule(const SweepConfig& config) {
  std::vector<std::string> divided, others;
  for (const std::string& name : config.sweep.strategies) {
    (looks_at_costs(config, name) ? divided : others).push_back(name);
  }
  fmt::print("query.cost: scores divided by costs for {}{}\n", fmt::join(divided, ", "),
             others.empty() ? "" : fmt::format("; without costs: {}", fmt::join(others, ", ")));
}

}  // namespace

ExitCode dry_run(const SweepArguments& arguments) {
  const Sweep sweep = prepare_sweep(arguments);
  const SweepConfig& config = sweep.config;
  const SweepPlan plan = plan_grid(config, sweep.grid);
  const long n_rounds = std::accumulate(plan.n_rounds.begin(), plan.n_rounds.end(), 0L);
  double cost = 0.0;
  double cheapest = 1e300;
  for (const PlannedTrial& trial : plan.trials) {
    cost += trial.prior_cost;
    cheapest = std::min(cheapest, trial.prior_cost);
  }
  const auto gpus = gpus_of(config.farm);
  const std::size_t n_classes = sweep.provenance.class_names.size();

  fmt::print("{} trials: {} strategies x {} initial sets x {} seeds{}\n", sweep.grid.size(),
             config.sweep.strategies.size(), config.sweep.inits.size(), config.sweep.seeds.size(),
             sweep.grid.size() > config.sweep.strategies.size() * config.sweep.inits.size() *
                                     config.sweep.seeds.size()
                 ? " x sweep.grid"
                 : "");
  fmt::print("strategies: {}\ninitial sets: {}\n", fmt::join(config.sweep.strategies, ", "),
             fmt::join(config.sweep.inits, ", "));
  if (config.query.cost != CostRule::ignored) print_cost_rule(config);
  for (const std::string& text : schedules_of(sweep)) fmt::print("schedule: {}\n", text);
  fmt::print("rounds: {} ({} labels, then {} x {})\n", n_rounds, config.loop.n_init,
             config.loop.n_rounds, config.loop.n_query);
  if (!config.dataset.path.empty() || config.farm.engine.command.empty()) {
    fmt::print("dataset: {}, {} classes, {}\n",
               config.dataset.path.empty() ? "built-in scenes" : config.dataset.path, n_classes,
               sweep.provenance.task);
  }
  for (const auto& [name, program] : program_versions(config))
    fmt::print("own program: {}: {}\n", name, program);
  fmt::print("cost: about {:.1f} times the cheapest trial\n", cost / cheapest);
  fmt::print("here: {} GPUs, {} cores; device {}, {} threads a trial\n", gpus.size(),
             usable_cores(), name_of(config.farm.device), config.farm.threads);
  fmt::print("results: {}, about {:.1f} MB\n", config.results.file,
             1e-6 * static_cast<double>(n_rounds) * bytes_of_round(config, n_classes));
  if (config.results.thumbnails > 0) fmt::print("{}\n", thumbnails_line(sweep));
  return ExitCode::ok;
}

}  // namespace al_mpi
