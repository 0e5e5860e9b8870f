#include "apps/al_trial/campaign.hpp"

#include <cmath>
#include <filesystem>

#include "apps/al_trial/run.hpp"
#include <al_mpi/campaign/ask.hpp>
#include <al_mpi/campaign/standing.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/gpu_memory.hpp>
#include <al_mpi/model/process.hpp>

namespace al_mpi {
namespace {

/// The one strategy, initial set or seed of a sweep's list.
template <class T>
T only(const std::vector<T>& all, const std::string& key, const std::string& option) {
  if (all.size() == 1) return all[0];
  throw ConfigError(
      key, fmt::format("names {}; a campaign has one ({} says which)", all.size(), option));
}

TrialSpec spec_of(const AskOptions& options, const SweepConfig& config) {
  TrialSpec spec;
  std::vector<std::string> own;
  for (const auto& [name, program] : config.query.external) own.push_back(name);
  spec.strategy = options.strategy.empty()
                      ? only(config.sweep.strategies, "sweep.strategies", "--strategy")
                      : strategy_name(options.strategy, "--strategy", own);
  spec.init = options.init.empty() ? only(config.sweep.inits, "sweep.inits", "--init")
                                   : init_name(options.init, "--init");
  spec.seed = options.seed < 0 ? config.sweep.seeds.at(0) : options.seed;
  for (const std::string& name : {spec.strategy, spec.init}) {
    if (!is_oracle(name)) continue;
    throw ConfigError("", fmt::format("{} sees labels before they are given: it bounds strategies "
                                      "in sweeps and cannot ask people",
                                      name));
  }
  return spec;
}

/// Settings that make no sense where people answer.
void refuse_what_people_are_not(const SweepConfig& config) {
  if (config.dataset.path.empty()) {
    throw ConfigError("dataset.path", "names no pool (al_prepare pool makes one)");
  }
  if (!config.farm.engine.command.empty()) {
    throw ConfigError("farm.engine",
                      "another program runs its trials: a campaign has the built-in engine");
  }
  if (config.oracle.noise > 0 || config.oracle.duplicates > 1 || config.oracle.imbalance > 0) {
    throw ConfigError("oracle", "is for stress tests in sweeps: here people answer");
  }
  if (config.training.reset != Reset::full) {
    throw ConfigError("training.reset",
                      "must be full: each round of a campaign trains from the beginning");
  }
}

void print_round(const Campaign& campaign, const CampaignRound& round, bool is_new) {
  if (round.questions.empty()) {
    fmt::print("round {}: every tile of the pool is answered; nothing is left to ask\n",
               round.round);
  } else {
    std::int64_t n_held_out = 0;
    for (const Question& question : round.questions) n_held_out += question.held_out;
    fmt::print(
        "round {}: {} tiles to label{} in {}{}\n", round.round, round.questions.size(),
        n_held_out > 0 ? fmt::format(" ({} of them held out, to measure on)", n_held_out) : "",
        campaign.round_folder(round.round),
        is_new ? "" : " (the same as before: nothing was told since)");
  }
  if (!round.trained) return;
  const auto accuracy = round.metrics.find("accuracy");
  fmt::print(
      "trained on {} labels by {}{}; network {}\n", round.n_labeled, round.strategy,
      accuracy == round.metrics.end() ? std::string("; no held-out answers to measure on")
                                      : fmt::format("; accuracy {:.3f} on {} held-out answers",
                                                    accuracy->second, round.n_tested),
      (std::filesystem::path(campaign.round_folder(round.round)) / "trained.network").string());
}

void print_agreement(const Campaign& campaign) {
  for (const Agreement& pair : agreements(campaign.answers())) {
    fmt::print("{} and {} agree on {} of {} tiles that both answered{}\n", pair.a, pair.b,
               pair.n_equal, pair.n,
               std::isnan(pair.kappa) ? std::string(" (Cohen's kappa is not defined)")
                                      : fmt::format(" (Cohen's kappa {:.2f})", pair.kappa));
  }
  const Indices& disputed = campaign.answers().disputed;
  if (!disputed.empty()) {
    fmt::print("{} tiles are disputed and not trained on, the first is {}\n", disputed.size(),
               campaign.name_of(disputed[0]));
  }
}

void print_rounds(const Standing& standing) {
  if (standing.rounds.empty()) return;
  fmt::print("\n{:>5}{:>8}{:>10}{:>10}{:>18}{:>7}{:>10}\n", "round", "labels", "held out",
             "accuracy", "95 % interval", "gain", "changed");
  for (const RoundStanding& round : standing.rounds) {
    fmt::print("{:>5}{:>8}{:>10}{:>10}{:>18}{:>7}{:>10}\n", round.round, round.n_labeled,
               round.n_tested, percent(round.accuracy.share),
               round.n_tested == 0 ? std::string("-")
                                   : fmt::format("{:.1f} .. {:.1f} %", 100 * round.accuracy.low,
                                                 100 * round.accuracy.high),
               points(round.gain), percent(round.changed));
  }
}

}  // namespace

CLI::App* add_ask_command(CLI::App& app, AskOptions& options) {
  auto* command = app.add_subcommand(
      "ask",
      "Labelling campaign: trains on the answers so far and chooses the tiles to label next");
  command->footer(
      "The same command gives the same tiles until al_trial tell brings answers "
      "(docs/campaign.md).");
  command->add_option("CONFIG", options.config, "Configuration file (YAML)")->required();
  command->add_option("OVERRIDES", options.overrides, "Settings, section.key=value");
  command
      ->add_option("--campaign", options.campaign, "Folder of the campaign; made where it is not")
      ->required();
  command->add_option("--strategy", options.strategy, "Query strategy (default: sweep.strategies)");
  command->add_option("--init", options.init, "Initial set (default: sweep.inits)");
  command->add_option("--seed", options.seed, "Seed (default: the first of sweep.seeds)")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--image-prefix", options.image_prefix,
                      "What stands before ROUND/thumbnails/... in label_studio.json (default: "
                      "/data/local-files/?d=NAME/, NAME of the campaign's folder)");
  return command;
}

ExitCode run_ask(const AskOptions& options) {
  SweepConfig config = load_config(options.config, options.overrides);
  refuse_what_people_are_not(config);
  const TrialSpec spec = spec_of(options, config);
  config.sweep.strategies = {spec.strategy};
  config.sweep.inits = {spec.init};
  config.sweep.seeds = {spec.seed};
  check_inputs(config);
  tune_process(static_cast<int>(config.farm.threads));
  const std::string device = available_device(name_of(config.farm.device));
  claim_gpu(device, config.farm.workers_per_gpu);

  // Nothing is begun with settings that cannot work.
  SweepConfig checked = config;  // the plan of the sweep may be longer than this pool
  checked.loop.n_init = checked.loop.n_query = 1;
  checked.loop.n_rounds = 0;
  checked.training.validation = 0;
  checked.training.early_stopping = 0;
  check_against_dataset(checked, LabelPool::open(config.dataset.path).dataset->train().n, 2,
                        name_of(Task::classification));
  Campaign campaign(options.campaign, config.dataset.path, spec.seed, config.training.validation);
  if (config.training.validation != static_cast<std::int64_t>(campaign.held_out().size())) {
    fmt::print(stderr,
               "note: training.validation is {} now; the campaign began with {} held-out tiles and "
               "stays with them\n",
               config.training.validation, campaign.held_out().size());
  }
  AskRequest request;
  request.input = trial_input(config, spec, campaign.pool(), device);
  request.input.network_file.clear();
  request.settings = settings_fingerprint(config);
  request.configuration = to_yaml(config);
  const std::filesystem::path folder = std::filesystem::absolute(options.campaign);
  request.image_prefix =
      options.image_prefix.empty()
          ? fmt::format("/data/local-files/?d={}/",
                        (folder.has_filename() ? folder : folder.parent_path()).filename().string())
          : options.image_prefix;
  bool is_new = false;
  const CampaignRound& round = ask(campaign, request, {}, is_new);
  if (!is_new && round.settings != request.settings) {
    fmt::print(stderr,
               "note: the settings are others than this round was made with; they count from the "
               "next round on\n");
  }
  print_round(campaign, round, is_new);
  return ExitCode::ok;
}

CLI::App* add_tell_command(CLI::App& app, TellOptions& options) {
  auto* command = app.add_subcommand("tell", "Labelling campaign: takes answers");
  TellRequest& request = options.request;
  command->add_option("--campaign", options.campaign, "Folder of the campaign")->required();
  command
      ->add_option("ANSWERS", request.answers,
                   "CSV with the columns name and class, GeoJSON with these properties, or Label "
                   "Studio's export (JSON, JSON-MIN); class 'skip' = cannot be decided")
      ->required();
  command
      ->add_option("--annotator", request.annotator,
                   "Who answered, where the file does not say (default: annotator)")
      ->default_str("annotator");
  command->add_flag("--accept", request.accept,
                    "Take answers that contradict earlier ones of the same annotator");
  command
      ->add_option("--new-classes", request.new_classes,
                   "Classes that answers may name from now on, comma-separated")
      ->delimiter(',')
      ->allow_extra_args(false);
  return command;
}

ExitCode run_tell(const TellOptions& options) {
  Campaign campaign(options.campaign);
  TellRequest request = options.request;
  if (request.annotator.empty()) request.annotator = "annotator";
  const TellSummary told =
      tell(campaign, request, [](const std::string& line) { fmt::print("{}\n", line); });
  fmt::print("{} new answers{}{}{}", told.n_new,
             told.n_changed > 0 ? fmt::format(", {} changed", told.n_changed) : "",
             told.n_same > 0 ? fmt::format(", {} as told before", told.n_same) : "",
             told.n_skipped > 0 ? fmt::format(", {} of them skipped", told.n_skipped) : "");
  if (told.n_not_asked > 0)
    fmt::print("; {} about tiles that were not asked for", told.n_not_asked);
  fmt::print("; {} of the last round are open\n", told.n_open);
  print_agreement(campaign);
  return ExitCode::ok;
}

CLI::App* add_where_command(CLI::App& app, WhereOptions& options) {
  auto* command = app.add_subcommand(
      "where", "Labelling campaign: where it stands, in words and as campaign.html");
  command->add_option("--campaign", options.campaign, "Folder of the campaign")->required();
  command
      ->add_option("--least-gain", options.least_gain,
                   "Accuracy that another round has to bring to be worth its labels")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  return command;
}

ExitCode run_where(const WhereOptions& options) {
  const Campaign campaign(options.campaign);
  const Standing standing = standing_of(campaign, options.least_gain);
  fmt::print(
      "{} of {} tiles have a class; {} were asked for, {} skipped, {} disputed; {} of the "
      "last round are open\n",
      standing.n_labeled, standing.n_tiles, standing.n_asked, standing.n_skipped,
      standing.n_disputed, standing.n_open);
  fmt::print("\n{:<24}{:>12}{:>12}\n", "class", "to train on", "held out");
  for (const ClassStanding& of_class : standing.classes) {
    fmt::print("{:<24}{:>12}{:>12}\n", of_class.name, of_class.n_trained, of_class.n_held_out);
  }
  print_agreement(campaign);
  print_rounds(standing);
  write_page(campaign, standing);
  fmt::print("\n{}\n{}\n", standing.verdict,
             (std::filesystem::path(options.campaign) / "campaign.html").string());
  return ExitCode::ok;
}

}  // namespace al_mpi
