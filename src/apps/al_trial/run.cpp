#include "apps/al_trial/run.hpp"

#include <filesystem>

#include <nlohmann/json.hpp>

#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/gpu_memory.hpp>
#include <al_mpi/model/process.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {

void add_run_options(CLI::App& app, RunOptions& options) {
  app.add_option("CONFIG", options.config, "Configuration file (YAML)");
  app.add_option("OVERRIDES", options.overrides, "Settings, section.key=value");
  app.add_option("--strategy", options.strategy, "Query strategy")->capture_default_str();
  app.add_option("--init", options.init, "Initial set")->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of every random stream")->capture_default_str();
  app.add_option("--checkpoint", options.checkpoint,
                 "File to resume from and to keep after each round");
  app.add_option("--save-network", options.network,
                 "File that receives the network of the last round (for al_trial predict)");
  app.add_option("--save-scores", options.scores,
                 "Folder for the acquisition scores of the whole pool, a file a round");
}

TrialInput trial_input(const SweepConfig& config, const TrialSpec& spec,
                       std::shared_ptr<const Dataset> dataset, const std::string& device) {
  TrialInput input;
  input.spec = spec;
  input.loop = config.loop;
  input.learner.model = config.model;
  input.learner.training = config.training;
  input.learner.training.steps = steps_a_round(config);
  input.query = config.query;
  input.oracle = config.oracle;
  input.learner.device = device;
  input.learner.threads = static_cast<int>(config.farm.threads);
  input.fingerprint = settings_fingerprint(config) + dataset->fingerprint();
  input.fingerprint += program_fingerprint(config, spec.strategy);
  input.fingerprint += "LibTorch " + torch_version();  // a trial stays with one LibTorch
  if (device != "cpu") input.fingerprint += "cuda";    // and on its kind of device
  input.dataset = std::move(dataset);
  if (!config.results.networks.empty()) {
    std::error_code unmade;  // the trial says so when it cannot write there
    std::filesystem::create_directories(config.results.networks, unmade);
    input.network_file =
        (std::filesystem::path(config.results.networks) / (spec.file_stem() + ".network")).string();
  }
  return input;
}

ExitCode run_one(const RunOptions& options) {
  if (options.config.empty()) {
    throw ConfigError("", "no configuration given (see al_trial --help)");
  }
  SweepConfig config = load_config(options.config, options.overrides);
  if (!config.farm.engine.command.empty()) {
    throw ConfigError("farm.engine", "another program runs these trials (ask al_mpi)");
  }
  tune_process(static_cast<int>(config.farm.threads));
  const std::string device = available_device(name_of(config.farm.device));
  claim_gpu(device, config.farm.workers_per_gpu);

  TrialSpec spec;
  std::vector<std::string> own;
  for (const auto& [name, program] : config.query.external) own.push_back(name);
  spec.strategy = strategy_name(options.strategy, "--strategy", own);
  spec.init = init_name(options.init, "--init");
  config.sweep.strategies = {spec.strategy};  // the sweep's others are not asked
  config.sweep.inits = {spec.init};
  spec.seed = options.seed;
  check_inputs(config);
  const auto dataset = load_dataset(config.dataset.path, config.dataset.synthetic);
  const Split& pool = dataset->train();
  check_against_dataset(config, pool.n, dataset->n_classes(), name_of(dataset->task),
                        {pool.height, pool.width});
  TrialInput input = trial_input(config, spec, dataset, device);
  input.checkpoint = options.checkpoint;
  if (!options.network.empty()) input.network_file = options.network;
  input.scores = options.scores;

  TrialEvents events;
  events.round = [](const RoundRecord& record) {
    fmt::print("{}\n", nlohmann::json(record).dump());
    std::fflush(stdout);
  };
  run_trial(input, events);
  return ExitCode::ok;
}

}  // namespace al_mpi
