#include "apps/al_trial/serve.hpp"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>

#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <unistd.h>

#include "apps/al_trial/run.hpp"
#include <al_mpi/base/host_name.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/gpu_memory.hpp>
#include <al_mpi/model/process.hpp>
#include <al_mpi/trial/json.hpp>
#include <al_mpi/version.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

/// The rank decides when its engine ends: signals sent to the whole group are not for it, and it
/// must not outlive the rank (a lost rank's engine would keep the GPU).
void bind_to_parent() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGPIPE}) {
    std::signal(signal, SIG_IGN);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const char* parent = std::getenv("AL_MPI_PARENT_PID");  // set by the rank: it may be gone already
  if (parent != nullptr && std::atol(parent) != ::getppid()) std::exit(1);
}

void send(const json& line) {
  std::cout << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
}

/// Standard input, read by a thread of its own: a drain must be seen while a trial runs.
class Requests {
 public:
  Requests() : reader_([this] { read(); }) {}
  ~Requests() { reader_.detach(); }  // it may wait in a read for ever; the process ends with main

  /// The next request but drains; empty at end of file.
  std::optional<json> next() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return !state_->lines.empty() || state_->at_end; });
    if (state_->lines.empty()) return std::nullopt;
    json line = std::move(state_->lines.front());
    state_->lines.pop();
    return line;
  }

  bool draining() const {
    std::lock_guard lock(state_->mutex);
    return state_->draining;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::queue<json> lines;
    bool draining = false;
    bool at_end = false;
  };

  void read() {
    const std::shared_ptr<State> state = state_;
    std::string text;
    while (std::getline(std::cin, text)) {
      json line = json::parse(text, nullptr, /*allow_exceptions=*/false);
      if (!line.is_object()) line = {{"type", "unreadable"}};
      std::lock_guard lock(state->mutex);
      if (line.value("type", json()) == "drain")
        state->draining = true;
      else
        state->lines.push(std::move(line));
      state->changed.notify_one();
    }
    std::lock_guard lock(state->mutex);
    state->at_end = true;
    state->changed.notify_one();
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread reader_;
};

/// The engine between two requests: settings, and the dataset that trials share.
class Server {
 public:
  void serve() {
    while (const auto request = requests_.next()) answer(*request);
  }

 private:
  void answer(const json& request) {
    const std::string type = request.value("type", "");
    if (type == "configure") {
      configure(request);
    } else if (type == "run") {
      run(request);
    } else {
      send({{"type", "failed"}, {"kind", "config"}, {"message", "unknown request '" + type + "'"}});
    }
  }

  void configure(const json& request) {
    attempt_to({}, 0, [&] {
      config_ = parse_config(request.at("config").get<std::string>(), "configuration");
      config_->farm.threads = request.value("threads", std::int64_t{1});
      device_ = available_device(request.value("device", std::string("auto")));
      tune_process(static_cast<int>(config_->farm.threads));
      check_expected(request.value("expected", json::object()));
      claim_gpu(device_, config_->farm.workers_per_gpu);
      send({{"type", "ready"},
            {"device", device_description(device_)},
            {"host", host_name()},
            {"pid", ::getpid()},
            {"versions", {{"libtorch", torch_version()}}}});
    });
  }

  /// Refuses a build or dataset that is not rank 0's: this host must read the same as rank 0.
  void check_expected(const json& expected) {
    const auto wanted = [&](const char* field) { return expected.value(field, std::string()); };
    const auto compare = [](const char* what, const std::string& here, const std::string& there) {
      if (there.empty() || here == there) return;
      throw ConfigError("", fmt::format("{} {} here, {} on rank 0 (install the same build on every "
                                        "host)",
                                        what, here, there));
    };
    compare("al_mpi is", version, wanted("version"));
    compare("LibTorch is", torch_version(), wanted("libtorch"));
    check_inputs(*config_);
    if (wanted("dataset").empty()) return;
    const std::string found = dataset_of(*config_)->fingerprint();
    if (found == wanted("dataset")) return;
    throw DataError(
        config_->dataset.path, "",
        fmt::format("is another dataset than on rank 0 (fingerprint {}, there {}): copy "
                    "it again",
                    found, wanted("dataset")));
  }

  void run(const json& request) {
    TrialSpec spec;
    const int attempt = request.value("attempt", 1);
    attempt_to(key_of(request), attempt, [&] {
      if (!config_) throw ConfigError("", "'run' came before 'configure'");
      spec = request.at("trial").get<TrialSpec>();
      const SweepConfig config = with_settings(*config_, spec.settings);
      TrialInput input = trial_input(config, spec, dataset_of(config), device_);
      input.checkpoint = request.value("checkpoint", "");
      input.attempt = attempt;
      if (config.results.save_scores) input.scores = beside(config, ".scores", input.checkpoint);
      const std::vector<std::int64_t>& seeds = config.sweep.seeds;
      const bool is_shown = spec.seed == *std::min_element(seeds.begin(), seeds.end());
      if (is_shown && input.dataset->task == Task::segmentation && config.results.thumbnails > 0) {
        input.tile_file = beside(config, ".tiles", input.checkpoint) + ".h5";
        input.n_tiles = config.results.thumbnails;
      }
      report(run_trial(input, events_of(spec.key())), spec.key(), attempt);
    });
  }

  void report(TrialEnd end, const std::string& key, int attempt) {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    send({{"type", end == TrialEnd::done ? "done" : "stopped"},
          {"key", key},
          {"attempt", attempt},
          {"seconds", seconds}});
  }

  TrialEvents events_of(const std::string& key) {
    TrialEvents events;
    events.round = [](const RoundRecord& record) {
      json line = record;
      line["type"] = "round";
      send(line);
    };
    events.alive = [key] { send({{"type", "alive"}, {"key", key}}); };
    events.should_stop = [this] { return requests_.draining(); };
    return events;
  }

  /// NAME.scores/TRIAL, say, beside NAME.checkpoints/TRIAL.checkpoint.
  static std::string beside(const SweepConfig& config, const char* extension,
                            const std::string& checkpoint) {
    const auto folder = std::filesystem::path(config.results.file).replace_extension(extension);
    return (folder / std::filesystem::path(checkpoint).stem()).string();
  }

  /// The dataset stays mapped from trial to trial; another one only if the settings name another.
  std::shared_ptr<const Dataset> dataset_of(const SweepConfig& config) {
    SweepConfig only;  // the other sections at their defaults: equal text = equal dataset
    only.dataset = config.dataset;
    const std::string identity = to_yaml(only);
    if (identity != dataset_identity_) {
      dataset_ = load_dataset(config.dataset.path, config.dataset.synthetic);
      dataset_identity_ = identity;
    }
    return dataset_;
  }

  static std::string key_of(const json& request) {
    try {
      return request.at("trial").get<TrialSpec>().key();
    } catch (const std::exception&) {
      return {};
    }
  }

  /// Runs `work`; an error becomes a "failed" line. Settings and data do not mend by trying again.
  void attempt_to(const std::string& key, int attempt, const std::function<void()>& work) {
    started_ = std::chrono::steady_clock::now();
    const auto failed = [&](const char* kind, const std::string& message) {
      send({{"type", "failed"},
            {"key", key},
            {"attempt", attempt},
            {"kind", kind},
            {"message", message.substr(0, message.find('\n'))}});
    };
    try {
      work();
    } catch (const ConfigError& error) {
      failed("config", error.what());
    } catch (const DataError& error) {
      failed("data", error.what());
    } catch (const json::exception& error) {
      failed("config", error.what());
    } catch (const std::exception& error) {
      failed("runtime", error.what());
    }
  }

  Requests requests_;
  std::optional<SweepConfig> config_;
  std::string device_;
  std::shared_ptr<const Dataset> dataset_;
  std::string dataset_identity_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace

ExitCode serve_trials() {
  bind_to_parent();
  Server().serve();
  return ExitCode::ok;
}

ExitCode print_devices() {
  const std::vector<std::string> gpus = gpu_names();
  send({{"type", "devices"},
        {"gpus", gpus},
        {"why_none", gpus.empty() ? why_no_gpu() : ""},
        {"versions", {{"libtorch", torch_version()}}}});
  return ExitCode::ok;
}

}  // namespace al_mpi
