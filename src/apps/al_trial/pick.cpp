#include "apps/al_trial/pick.hpp"

#include <cstdio>
#include <iterator>

#include <fmt/format.h>

#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/query/registry.hpp>
#include <al_mpi/query/stored_predictions.hpp>

namespace al_mpi {
namespace {

/// Settings of the command line; as many passes as are stored unless it says otherwise.
QueryOptions query_options(const PickOptions& options, const StoredPredictions& stored) {
  std::vector<std::string> overrides = options.overrides;
  if (stored.n_passes() > 0) {
    overrides.insert(overrides.begin(), fmt::format("query.mc_passes={}", stored.n_passes()));
  }
  return parse_config("{}", "command line", overrides).query;
}

Picks pick(const PickOptions& options) {
  const bool initial = !options.init.empty();
  const std::string name =
      initial ? init_name(options.init, "--init") : strategy_name(options.strategy, "--strategy");
  StoredPredictions stored(options.input, options.group, name);
  const QueryOptions settings = query_options(options, stored);
  const Indices labeled = initial ? Indices{} : stored.labeled();
  const std::vector<std::int64_t> labels = stored.labels(labeled);
  Indices unlabeled;
  auto next = labeled.begin();
  for (std::int64_t i = 0; i < stored.pool_size(); ++i) {
    if (next != labeled.end() && *next == i) {
      ++next;
    } else {
      unlabeled.push_back(i);
    }
  }
  QueryContext context{unlabeled, labeled, labels,       options.n,
                       settings,  stored,  options.seed, initial ? 0 : options.round};
  if (stored.has("labels")) {
    context.oracle_label = [&](std::int64_t index) { return stored.labels({index}).front(); };
  }
  return initial ? initial_set(name)(context) : strategy(name)(context);
}

}  // namespace

CLI::App* add_pick_command(CLI::App& app, PickOptions& options) {
  CLI::App* command = app.add_subcommand(
      "pick", "Applies a strategy to stored predictions: prints order,index,score");
  CLI::Option* strategy_option =
      command->add_option("--strategy", options.strategy, "Query strategy");
  command->add_option("--init", options.init, "Initial set, instead of a strategy")
      ->excludes(strategy_option);
  command
      ->add_option("--input", options.input,
                   "HDF5 file with probs, mc_probs, embeddings, features, predicted_losses, "
                   "labeled, labels")
      ->required();
  command->add_option("--group", options.group, "Group of these arrays")->capture_default_str();
  command->add_option("--n", options.n, "Picks wanted")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Seed of the random streams")->capture_default_str();
  command->add_option("--round", options.round, "Round of the random streams")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--output", options.output, "CSV file; standard output if not given");
  command->add_option("OVERRIDES", options.overrides, "Settings, query.key=value");
  return command;
}

ExitCode run_pick(const PickOptions& options) {
  if (options.strategy.empty() && options.init.empty()) {
    throw ConfigError("", "pick needs --strategy or --init (see al_trial pick --help)");
  }
  fmt::memory_buffer csv;
  fmt::format_to(std::back_inserter(csv), "order,index,score\n");
  int order = 0;
  for (const Pick& chosen : pick(options)) {
    fmt::format_to(std::back_inserter(csv), "{},{},{}\n", order++, chosen.index, chosen.score);
  }
  if (options.output.empty()) {
    std::fwrite(csv.data(), 1, csv.size(), stdout);
  } else {
    write_file_atomically(options.output, {csv.data(), csv.size()});
  }
  return ExitCode::ok;
}

}  // namespace al_mpi
