#include "sweep.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "job_end.hpp"
#include "rank_loop.hpp"
#include "replicate.hpp"
#include "signals.hpp"
#include "status.hpp"
#include <al_mpi/base/log.hpp>
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/farm/devices.hpp>
#include <al_mpi/farm/mpi/mpi_channel.hpp>
#include <al_mpi/io/hdf5.hpp>
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

/// al_trial lies beside al_mpi; tests put something else in its place.
std::vector<std::string> engine_command() {
  if (const char* other = std::getenv("AL_MPI_ENGINE")) return {other, "--serve"};
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe");
  return {(own.parent_path() / "al_trial").string(), "--serve"};
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

/// Asked once, for it takes a start of the engine.
const UsableGpus& gpus_here() {
  static const UsableGpus gpus = usable_gpus(engine_command().front());
  return gpus;
}

/// `auto` is one kind of device for a whole sweep, since numbers differ between kinds: what rank 0
/// can use.
void settle_device(FarmOptions& farm) {
  if (farm.device != "auto") return;
  const UsableGpus& gpus = gpus_here();
  if (!gpus.why_none.empty())
    spdlog::warn("{}: the sweep runs on the CPU (farm.device=auto)", gpus.why_none);
  farm.device = gpus.entries.empty() ? "cpu" : "cuda";
}

/// Each worker may take its share of a GPU's memory only.
void warn_of_crowded_gpus(std::size_t n_workers, std::size_t n_gpus, const FarmOptions& farm) {
  const std::size_t sharing = (n_workers + n_gpus - 1) / n_gpus;
  if (sharing <= static_cast<std::size_t>(farm.workers_per_gpu)) return;
  spdlog::warn("{} trials share {} GPUs, each as if {} did: set farm.workers_per_gpu={}", n_workers,
               n_gpus, farm.workers_per_gpu, sharing);
}

std::unique_ptr<Supervisor> make_supervisor(Channel& channel, int local_rank,
                                            const Message& configure) {
  const auto [config_yaml, expected] = read_configuration(configure.text);
  const SweepConfig config = parse_config(config_yaml, "rank 0");
  const FarmOptions& farm = config.farm;
  const int n_workers = configure.attempt;
  const std::vector<std::string> gpus = gpus_of(farm);
  if (!gpus.empty()) warn_of_crowded_gpus(static_cast<std::size_t>(n_workers), gpus.size(), farm);
  if (gpus.empty() && channel.rank() == 0 && n_workers * farm.threads > usable_cores()) {
    spdlog::warn(
        "{} workers x {} threads share the {} cores that rank 0 may use (under mpirun: --bind-to "
        "none)",
        n_workers, farm.threads, usable_cores());
  }
  SupervisorOptions options;
  options.engine = engine_command();
  options.config_yaml = config_yaml;
  options.expected = expected;
  options.device = farm.device;
  options.threads = static_cast<int>(farm.threads);
  options.gpus = assign_gpus(gpus, local_rank, n_workers);
  options.stall_timeout = farm.stall_timeout;
  options.trial_timeout = farm.trial_timeout;
  options.memory_limit = farm.memory_limit;
  options.log_folder = log_folder(config.results.file);
  return std::make_unique<Supervisor>(channel, std::move(options));
}

/// Children of a process that is alone on its machine: one a GPU, else one a core.
int workers_alone(const FarmOptions& farm) {
  const int n_gpus = static_cast<int>(gpus_of(farm).size());
  if (n_gpus > 0) return n_gpus * static_cast<int>(farm.workers_per_gpu);
  return std::max(1, usable_cores() / static_cast<int>(farm.threads));
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

/// Rank 0 has the sweep; the others follow it.
RankEnd lead(Channel& channel, RankOptions options, const SweepArguments& arguments,
             MpiSession* session) {
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
    store = ResultsStore::open(files, sweep.provenance, sweep.grid);
    if (arguments.retry_failed) store->reset_failed();
    if (session == nullptr) options.default_workers = workers_alone(sweep.config.farm);
    coordinator.emplace(channel, *store, plan_sweep(sweep.config, sweep.grid, *store),
                        coordinator_options(sweep, arguments.workers));
  } catch (const Error& error) {
    turn_away(channel, error.code());
    throw;
  }
  RankEnd end = run_rank(channel, &*coordinator, options);
  if (end.lost_peer) session->abandon();
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
  if (arguments.tells_what_next && !(end.wants_more && session == nullptr)) {
    const SweepProgress now = coordinator->progress(steady_seconds());
    const int left = n_more + now.n_trials - now.done - now.failed;
    fmt::print(stderr, "{}\n", what_next(sweep.config.results.file, left, now.failed));
  }
  return end;
}

/// Samples of each class in a split; empty for segmentation.
std::vector<std::int64_t> n_of_each_class(const Split& split, std::int64_t n_classes) {
  if (split.labels.empty()) return {};
  std::vector<std::int64_t> counts(static_cast<std::size_t>(n_classes), 0);
  for (const std::int64_t label : split.labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

}  // namespace

std::vector<std::string> gpus_of(const FarmOptions& farm) {
  if (farm.device == "cpu") return {};
  try {
    return gpus_here().entries;
  } catch (const FarmError& error) {  // the engine says it again when it starts
    spdlog::warn("{}", error.what());
    return {};
  }
}

Sweep prepare_sweep(const SweepArguments& arguments) {
  Sweep sweep;
  sweep.config = load_config(arguments.config, arguments.overrides);
  check_inputs(sweep.config);
  settle_device(sweep.config.farm);
  const DatasetOptions& from = sweep.config.dataset;
  const auto dataset =
      from.path.empty() ? make_synthetic(from.synthetic) : Dataset::open(from.path);
  check_against_dataset(sweep.config, dataset->train().n, dataset->n_classes(),
                        to_string(dataset->task));
  const std::string& file = sweep.config.results.file;
  const std::string stored = ResultsStore::stored_config(file);
  if (!stored.empty()) check_same_settings(stored, sweep.config, file);
  sweep.grid = expand(sweep.config);
  sweep.provenance = {to_yaml(sweep.config),
                      settings_fingerprint(sweep.config),
                      dataset->fingerprint(),
                      to_string(dataset->task),
                      dataset->classes,
                      n_of_each_class(dataset->train(), dataset->n_classes()),
                      {{"al_mpi", version},
                       {"git", git_description},
                       {"compiler", compiler},
                       {"libtorch", libtorch_version},
                       {"hdf5", hdf5_version()},
                       {"mpi", MpiSession::library()}}};
  return sweep;
}

ExitCode run_sweep(const SweepArguments& arguments, bool under_mpi, int& argc, char**& argv) {
  install_signal_handlers();
  std::optional<MpiSession> session;
  if (under_mpi) session.emplace(argc, argv);
  std::unique_ptr<Channel> channel =
      session ? make_mpi_channel(*session) : std::make_unique<LocalChannel>();
  start_logging(channel->rank() > 0 ? fmt::format("rank {}", channel->rank()) : "");
  const int local_rank = session ? session->local_rank() : 0;

  RankOptions options;
  options.rank_0_silence = 2.0 * silence();
  options.make_supervisor = [&](const Message& configure) {
    return make_supervisor(*channel, local_rank, configure);
  };
  const bool recovering = std::getenv("AL_MPI_RECOVERY") != nullptr;  // see launch.cpp
  if (channel->rank() > 0) {
    const RankEnd end = run_rank(*channel, nullptr, options);
    // Open MPI 5 ends the job, rank 0 too, when a rank leaves with another code than 0.
    if (recovering) ::_exit(0);
    if (end.lost_peer) ::_exit(static_cast<int>(end.code));
    return end.code;
  }
  RankEnd end = lead(*channel, options, arguments, session ? &*session : nullptr);
  while (end.wants_more &&
         !session) {  // under MPI the same command goes on (launch does so itself)
    channel = std::make_unique<LocalChannel>();
    end = lead(*channel, options, arguments, nullptr);
  }
  if (end.lost_peer || recovering) {
    std::fflush(nullptr);
    ::_exit(static_cast<int>(end.code));
  }
  return end.code;
}

}  // namespace al_mpi
