#include "apps/al_trial/pick.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/query/registry.hpp>
#include <al_mpi/query/stored_predictions.hpp>

namespace al_mpi {
namespace {

using Scores = std::map<std::int64_t, double>;  // candidate -> score

/// Settings of the command line; as many passes as are stored unless it says otherwise.
QueryOptions query_options(const PickOptions& options, const StoredPredictions& stored) {
  std::vector<std::string> overrides = options.overrides;
  if (stored.n_passes() > 0) {
    overrides.insert(overrides.begin(), fmt::format("query.mc_passes={}", stored.n_passes()));
  }
  return parse_config("{}", "command line", overrides).query;
}

Indices all_but(const Indices& labeled, std::int64_t pool_size) {
  Indices unlabeled;
  auto next = labeled.begin();
  for (std::int64_t i = 0; i < pool_size; ++i) {
    if (next != labeled.end() && *next == i) {
      ++next;
    } else {
      unlabeled.push_back(i);
    }
  }
  return unlabeled;
}

/// What may be picked: the array candidate, else all that is not labelled.
Indices candidates(const StoredPredictions& stored, const Indices& labeled,
                   const PickOptions& options) {
  Indices found = all_but(labeled, stored.pool_size());
  if (found.empty()) {
    throw DataError(
        options.input, options.group,
        fmt::format("all {} samples are labelled: none is left to pick", stored.pool_size()));
  }
  if (!stored.has("candidate")) return found;
  found = stored.marked("candidate");
  if (found.empty()) throw DataError(options.input, "candidate", "marks no sample");
  for (const std::int64_t index : labeled) {
    if (std::binary_search(found.begin(), found.end(), index)) {
      throw DataError(options.input, "candidate",
                      fmt::format("marks sample {}, which is labelled", index));
    }
  }
  return found;
}

void check_scores(const std::string& name, const Scores& scores, std::size_t n_candidates) {
  if (scores.size() == n_candidates) return;
  throw ConfigError("--scores",
                    fmt::format("{} has no score for every candidate ({} of {}): it chooses one "
                                "after another, or looks at some only",
                                name, scores.size(), n_candidates));
}

Picks pick(const PickOptions& options, Scores& scores) {
  const bool initial = !options.init.empty();
  const std::string name =
      initial ? init_name(options.init, "--init") : strategy_name(options.strategy, "--strategy");
  StoredPredictions stored(options.input, options.group, name);
  const QueryOptions settings = query_options(options, stored);
  if (!initial && asks_for("network", name, settings)) {
    throw DataError(options.input, options.group,
                    name + " needs a network, not stored arrays (run a whole trial)");
  }
  if (settings.ignored_class == IgnoredClass::cut_off) stored.allow_cut_off();
  const Indices labeled = initial ? Indices{} : stored.marked("labeled");
  const Indices unlabeled = candidates(stored, labeled, options);
  const auto n_candidates = static_cast<std::int64_t>(unlabeled.size());
  if (options.n > n_candidates) {
    fmt::print(stderr, "note: {} of the {} picks wanted: more candidates there are not\n",
               n_candidates, options.n);
  }
  const bool pixels = stored.has("probs") && stored.needed("probs").size() == 4;  // no classes then
  const bool asks_labels = !labeled.empty() && !pixels && asks_for("labels", name, settings);
  if (asks_labels) stored.needed("labels");
  const std::vector<std::int64_t> labels =
      asks_labels ? stored.labels(labeled) : std::vector<std::int64_t>{};
  QueryContext context{unlabeled, labeled, labels,       options.n,
                       settings,  stored,  options.seed, initial ? 0 : options.round};
  if (stored.has("labels")) {
    context.oracle_classes = [&](std::int64_t index) { return stored.labels({index}); };
  }
  if (stored.has("costs")) {
    context.cost_of = [&](std::int64_t index) { return stored.cost(index); };
  }
  if (!options.scores.empty()) {
    context.keep_scores = [&](const Indices& indices, const at::Tensor& values) {
      const at::Tensor kept = values.to(at::kDouble).contiguous();
      const double* score = kept.data_ptr<double>();  // of two stages the first one's count
      for (const std::int64_t index : indices) scores.emplace(index, *score++);
    };
  }
  const Picks picks = initial ? initial_set(name)(context) : strategy(name)(context);
  if (!initial && asks_for("passes", name, settings) && !stored.passes_differ()) {
    throw DataError(options.input, options.group,
                    fmt::format("mc_probs: all passes are equal, so that {} has nothing to go by "
                                "(was dropout on?)",
                                name));
  }
  if (!options.scores.empty()) check_scores(name, scores, unlabeled.size());
  return picks;
}

/// What the input file may hold, from the catalogues.
std::string arrays_help() {
  std::string text =
      "Arrays of the input file (numbers of any type, or bool), and who needs them:\n";
  for (const ArrayInfo& array : array_catalog()) {
    text += fmt::format("  {} {}: {}\n      {}\n", array.name, array.shape, array.meaning,
                        askers_of(array.name));
  }
  return text +
         "n samples of the whole pool, labelled ones too; C classes; T passes; d, D features.\n"
         "two_stage and schedule need what their stages need; adversarial strategies and boss need "
         "a network.";
}

void write(const std::string& path, const fmt::memory_buffer& text) {
  if (path.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else {
    write_file_atomically(path, {text.data(), text.size()});
  }
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
                   "HDF5 file with the arrays that the strategy needs (below)")
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
  command->add_option("--scores", options.scores,
                      "CSV file: index,score of every candidate, where the strategy scores them");
  command->add_option("OVERRIDES", options.overrides, "Settings, query.key=value");
  command->footer(arrays_help());
  return command;
}

ExitCode run_pick(const PickOptions& options) {
  if (options.strategy.empty() && options.init.empty()) {
    throw ConfigError("", "pick needs --strategy or --init (see al_trial pick --help)");
  }
  Scores scores;
  const Picks picks = pick(options, scores);
  fmt::memory_buffer csv;
  fmt::format_to(std::back_inserter(csv), "order,index,score\n");
  int order = 0;
  for (const Pick& chosen : picks) {
    fmt::format_to(std::back_inserter(csv), "{},{},{}\n", order++, chosen.index, chosen.score);
  }
  if (!options.scores.empty()) {
    fmt::memory_buffer all;
    fmt::format_to(std::back_inserter(all), "index,score\n");
    for (const auto& [index, score] : scores) {
      fmt::format_to(std::back_inserter(all), "{},{}\n", index, score);
    }
    write(options.scores, all);
  }
  write(options.output, csv);
  return ExitCode::ok;
}

}  // namespace al_mpi
