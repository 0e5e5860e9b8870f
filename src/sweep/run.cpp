#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "coordinator.hpp"
#include "job_end.hpp"
#include "pictures.hpp"
#include "rank_loop.hpp"
#include <al_mpi/farm/devices.hpp>
#include <al_mpi/sweep/plan.hpp>
#include <al_mpi/sweep/progress.hpp>
#include <al_mpi/sweep/replicate.hpp>
#include <al_mpi/sweep/signals.hpp>
#include <al_mpi/sweep/sweep.hpp>
#include <al_mpi/sweep/workplace.hpp>
#include <al_mpi/version.hpp>

namespace al_mpi {
namespace {

double seconds_from(const char* variable, double otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atof(text) : otherwise;
}

/// How long a silent rank is waited for; rank 0, which has a disk to wait for, twice as long.
double silence() {
  return seconds_from("AL_MPI_SILENCE", 60.0);
}

std::string log_folder(const std::string& results_file) {
  return std::filesystem::path(results_file).replace_extension(".logs").string();
}

/// What rank 0 tells every rank: the settings, and what its own files and build are.
std::string configuration_text(const Sweep& sweep) {
  const bool from_file = !sweep.config.dataset.path.empty();
  return nlohmann::json{{"config", to_yaml(sweep.config)},
                        {"version", version},
                        {"libtorch", libtorch_version},
                        {"dataset", from_file ? sweep.provenance.dataset_fingerprint : ""}}
      .dump();
}

std::pair<std::string, Expected> read_configuration(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  const auto field = [&](const char* name) { return json.at(name).get<std::string>(); };
  return {field("config"), {field("version"), field("libtorch"), field("dataset")}};
}

/// Warns where more workers share a GPU than the settings say: each takes its share of the memory.
void warn_of_crowded_gpus(std::size_t n_workers, std::size_t n_gpus, const FarmOptions& farm) {
  const std::size_t sharing = (n_workers + n_gpus - 1) / n_gpus;
  if (sharing <= static_cast<std::size_t>(farm.workers_per_gpu)) return;
  spdlog::warn("{} trials share {} GPUs, each as if {} did: set farm.workers_per_gpu={}", n_workers,
               n_gpus, farm.workers_per_gpu, sharing);
}

std::unique_ptr<Supervisor> make_supervisor(Channel& channel, int local_rank,
                                            const message::Configure& configure) {
  const auto [config_yaml, expected] = read_configuration(configure.settings);
  const SweepConfig config = parse_config(config_yaml, "rank 0");
  const FarmOptions& farm = config.farm;
  const int n_workers = configure.n_workers;
  const std::vector<std::string> gpus = gpus_of(farm);
  if (!gpus.empty()) warn_of_crowded_gpus(static_cast<std::size_t>(n_workers), gpus.size(), farm);
  if (gpus.empty() && channel.rank() == 0 && n_workers * farm.threads > usable_cores()) {
    spdlog::warn(
        "{} workers x {} threads share the {} cores that rank 0 may use (under mpirun: --bind-to "
        "none)",
        n_workers, farm.threads, usable_cores());
  }
  SupervisorOptions options;
  options.engine = engine_command(farm);
  options.configuration = {config_yaml, settings_json(config),
                           farm.device, static_cast<int>(farm.threads),
                           expected,    settings_fingerprint(config)};
  if (!farm.engine.command.empty()) {
    options.check_engine = [engine = farm.engine] { check_runs_here(engine, "farm.engine"); };
  }
  options.gpus = assign_gpus(gpus, local_rank, n_workers);
  options.stall_timeout = farm.stall_timeout;
  options.trial_timeout = farm.trial_timeout;
  options.memory_limit = farm.memory_limit;
  options.log_folder = log_folder(config.results.file);
  return std::make_unique<Supervisor>(channel, std::move(options));
}

CoordinatorOptions coordinator_options(const Sweep& sweep, int workers) {
  const SweepConfig& config = sweep.config;
  CoordinatorOptions options;
  options.configuration = configuration_text(sweep);
  options.workers_per_rank = workers > 0 ? workers : static_cast<int>(config.farm.workers_per_rank);
  options.threads = static_cast<int>(config.farm.threads);
  options.scheduler.max_attempts = static_cast<int>(config.farm.max_attempts);
  options.silence = silence();
  return options;
}

RankOptions rank_options(Channel& channel, const RankPlace& place) {
  RankOptions options;
  options.rank_0_silence = 2.0 * silence();
  options.make_supervisor = [&channel,
                             local_rank = place.local_rank](const message::Configure& configure) {
    return make_supervisor(channel, local_rank, configure);
  };
  return options;
}

}  // namespace

RankEnd follow_sweep(Channel& channel, const RankPlace& place) {
  return run_rank(channel, nullptr, rank_options(channel, place));
}

RankEnd lead_sweep(Channel& channel, const RankPlace& place, const SweepArguments& arguments) {
  RankOptions options = rank_options(channel, place);
  std::unique_ptr<ResultsStore> store;
  std::optional<Coordinator> coordinator;
  Sweep sweep;
  try {
    sweep = prepare_sweep(arguments);
    options.drain_margin = sweep.config.farm.drain_margin;
    options.job_end = job_end(options.drain_margin);
    sweep.grid = replicated_grid(sweep.config, sweep.grid);
    StoreOptions files;
    files.file = sweep.config.results.file;
    files.snapshot_every = sweep.config.results.snapshot_every;
    files.waiting = [&] {
      reassure(channel);
      if (!drain_signalled()) return;
      throw FarmError(0, "told to leave while it waited for the lock of another al_mpi",
                      ExitCode::unfinished);
    };
    if (sweep.dataset) {
      if (sweep.config.results.thumbnails > 0) spdlog::info("{}", thumbnails_line(sweep));
      files.illustrate = [pictures = std::make_shared<Pictures>(sweep.dataset, sweep.config)](
                             const std::vector<ShownTrial>& trials, ResultsTables& tables) {
        pictures->add(trials, tables);
      };
    }
    store = ResultsStore::open(files, sweep.provenance, sweep.grid);
    if (arguments.retry_failed) store->reset_failed();
    if (!place.under_mpi) options.default_workers = workers_alone(sweep.config.farm);
    coordinator.emplace(channel, *store, plan_sweep(sweep.config, sweep.grid, *store),
                        coordinator_options(sweep, arguments.workers));
  } catch (const Error& error) {
    turn_away(channel, error.code());
    throw;
  }
  RankEnd end = run_rank(channel, &*coordinator, options);
  if (end.lost_peer && place.lost_peer) place.lost_peer();
  end.code = coordinator->result();
  int n_more = 0;
  if (end.code == ExitCode::ok || end.code == ExitCode::failed_trials) {
    n_more = static_cast<int>(n_replications_left(sweep.config));
    if (n_more > 0) {
      spdlog::info("sweep.target_ci asks for {} more trials", n_more);
      end.code = ExitCode::unfinished;
      end.wants_more = true;
    }
  }
  if (arguments.tells_what_next && !(end.wants_more && !place.under_mpi)) {
    const SweepProgress now = coordinator->progress(steady_seconds());
    const int left = n_more + now.n_trials - now.done - now.failed;
    fmt::print(stderr, "{}\n", what_next(sweep.config.results.file, left, now.failed));
  }
  return end;
}

}  // namespace al_mpi
