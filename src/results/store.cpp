#include <al_mpi/results/store.hpp>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <future>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "journal.hpp"
#include "replay.hpp"
#include "sweep_lock.hpp"
#include "sweep_state.hpp"
#include "writer.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/trial/json.hpp>
#include <al_mpi/version.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr double snapshot_share =
    0.1;  // of the time at most, for sweeps whose file takes long to write

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double since(Clock::time_point time) {
  return std::chrono::duration<double>(Clock::now() - time).count();
}

class Store final : public ResultsStore {
 public:
  Store(const StoreOptions& options, const Provenance& provenance,
        const std::vector<TrialSpec>& grid);
  ~Store() override;

  const std::vector<TrialRecord>& trials() const override { return state_.trials(); }
  int rounds_done(int trial) const override { return state_.rounds_done(trial); }
  int blamed(int trial) const override { return state_.blamed(trial); }
  bool wanted(int trial) const override { return wanted_.count(trial) != 0; }
  const std::vector<ResultsTables::Attempt>& attempts(int trial) const override {
    return state_.attempts(trial);
  }
  std::string checkpoint_path(int trial) const override;

  void started(int trial, int rank, const std::string& host, const std::string& device,
               int threads) override;
  Taken take(const RoundRecord& record) override;
  void done(int trial, double seconds) override;
  void failed(int trial, const std::string& message, bool final, bool quarantine) override;
  void interrupted(int trial) override;
  void reset_failed() override;
  void commit() override;
  void snapshot_if_due() override;
  void snapshot() override;

 private:
  const TrialRecord& trial(int number) const {
    return state_.trials().at(static_cast<std::size_t>(number));
  }
  void record(const json& event);  // into the state and the journal
  void ended(int trial, const char* outcome, json more);
  void open_journal(Replay& replay);
  void start_session(const Provenance& provenance, const std::vector<TrialSpec>& grid);
  void begin_snapshot();
  void finish_snapshot();

  StoreOptions options_;
  Files files_;
  std::unique_ptr<SweepLock> lock_;
  SweepState state_;
  std::unique_ptr<Journal> journal_;
  std::set<int> wanted_;               // trials of the present grid
  std::vector<std::string> obsolete_;  // checkpoints to remove after the next commit
  Clock::time_point last_heartbeat_ = Clock::now();
  Clock::time_point last_snapshot_ = Clock::now() - std::chrono::hours(1);
  double snapshot_seconds_ = 0.0;
  std::future<double> writing_;  // seconds the snapshot took
};

Store::Store(const StoreOptions& options, const Provenance& provenance,
             const std::vector<TrialSpec>& grid)
    : options_(options), files_(options.file) {
  if (!options.read_only) {
    std::error_code error;
    fs::create_directories(files_.checkpoints, error);
    if (error) throw DataError(files_.checkpoints, "", "cannot be made: " + error.message());
    lock_ = std::make_unique<SweepLock>(files_.lock, options.waiting);
    remove_abandoned(files_.checkpoints);
  }
  Replay replay = replay_results(files_);
  state_ = std::move(replay.state);
  check_same_provenance(state_, provenance, options.file);
  if (options.read_only) return;
  report_damage(replay, state_);
  // A file size limit must be an error to report, not a signal to die of.
  std::signal(SIGXFSZ, SIG_IGN);
  open_journal(replay);
  start_session(provenance, grid);
}

Store::~Store() {
  if (writing_.valid()) writing_.wait();
}

void Store::open_journal(Replay& replay) {
  try {
    repair_journal(files_, replay);
  } catch (const std::exception& error) {  // it goes on behind what is damaged
    spdlog::warn("the journal could not be repaired: {}", error.what());
  }
  journal_ = std::make_unique<Journal>(files_.journal, replay.end);
  for (const std::string& text : replay.rescued) journal_->append(text);
}

void Store::start_session(const Provenance& provenance, const std::vector<TrialSpec>& grid) {
  const json opened = {{"type", "opened"},
                       {"version", 1},
                       {"time", now()},
                       {"config", provenance.config_yaml},
                       {"settings", provenance.settings_fingerprint},
                       {"dataset", provenance.dataset_fingerprint},
                       {"task", provenance.task},
                       {"classes", provenance.class_names},
                       {"class_counts", provenance.class_counts},
                       {"versions", provenance.versions},
                       {"program", git_description}};
  if (!state_.opened_alike(opened)) record(opened);
  for (const TrialSpec& spec : grid) {
    const std::string key = spec.key();
    if (state_.find(key) < 0) {
      json plan = spec;
      plan["type"] = "plan";
      plan["trial"] = state_.trials().size();
      record(plan);
    }
    wanted_.insert(state_.find(key));
  }
  for (const TrialRecord& entry : std::vector<TrialRecord>(state_.trials())) {
    if (entry.state == TrialState::running) interrupted(entry.spec.trial);  // its farm is gone
  }
  commit();
}

std::string Store::checkpoint_path(int number) const {
  return (fs::path(files_.checkpoints) / checkpoint_name(trial(number).spec)).string();
}

void Store::record(const json& event) {
  check(journal_ != nullptr, "a results file opened to read is written");
  state_.apply(event);
  // A message may hold bytes that are no UTF-8: they must not cost the record.
  journal_->append(event.dump(-1, ' ', false, json::error_handler_t::replace));
}

void Store::started(int number, int rank, const std::string& host, const std::string& device,
                    int threads) {
  record({{"type", "started"},
          {"key", trial(number).spec.key()},
          {"attempt", trial(number).attempts + 1},
          {"rank", rank},
          {"host", host},
          {"device", device},
          {"threads", threads},
          {"time", now()}});
}

ResultsStore::Taken Store::take(const RoundRecord& round) {
  check(journal_ != nullptr, "a results file opened to read is written");
  const SweepState::Added added = state_.add_round(round);
  if (!added.is_new) {
    if (added.difference.empty()) return Taken::duplicate;
    spdlog::error("{} round {} is not deterministic: {} (the stored one is kept)", round.key,
                  round.round, added.difference);
    return Taken::different;
  }
  json event = round;
  event["type"] = "round";
  journal_->append(event.dump());
  return Taken::stored;
}

void Store::ended(int number, const char* outcome, json more) {
  const TrialRecord& entry = trial(number);
  more.update({{"type", "ended"},
               {"key", entry.spec.key()},
               {"attempt", std::max(entry.attempts, 1)},
               {"outcome", outcome}});
  if (!more.contains("seconds")) more["seconds"] = entry.started > 0 ? now() - entry.started : 0.0;
  record(more);
}

void Store::done(int number, double seconds) {
  ended(number, "done", {{"seconds", seconds}, {"rounds", state_.rounds_done(number)}});
  obsolete_.push_back(checkpoint_path(number));
}

void Store::failed(int number, const std::string& message, bool final, bool quarantine) {
  json more = {{"message", message}};
  if (final) more["verdict"] = to_string(quarantine ? TrialState::quarantined : TrialState::failed);
  ended(number, "failed", more);
}

void Store::interrupted(int number) {
  ended(number, "interrupted", json::object());
}

void Store::reset_failed() {
  for (const TrialRecord& entry : std::vector<TrialRecord>(state_.trials())) {
    if (entry.state != TrialState::failed && entry.state != TrialState::quarantined) continue;
    record({{"type", "forgiven"}, {"key", entry.spec.key()}, {"attempts", entry.attempts}});
  }
}

void Store::commit() {
  check(journal_ != nullptr, "a results file opened to read is written");
  journal_->commit();
  for (const std::string& path : obsolete_) {
    std::error_code gone;
    fs::remove(path, gone);
  }
  obsolete_.clear();
  if (since(last_heartbeat_) < SweepLock::heartbeat_every) return;
  lock_->heartbeat();
  last_heartbeat_ = Clock::now();
}

void Store::begin_snapshot() {
  auto state = std::make_shared<const SweepState>(state_);
  last_snapshot_ = Clock::now();
  writing_ = std::async(std::launch::async, [state, file = options_.file] {
    const auto begin = Clock::now();
    write_results(file, with_attributes(state->tables(), *state), state->rounds());
    return since(begin);
  });
}

void Store::finish_snapshot() {
  snapshot_seconds_ = writing_.get();
}

void Store::snapshot_if_due() {
  if (writing_.valid()) {
    if (writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    try {
      finish_snapshot();
    } catch (const Error& error) {  // the journal has it all; the next one may succeed
      spdlog::warn("the results file could not be rebuilt: {}", error.what());
    }
  }
  commit();
  if (since(last_snapshot_) >=
      std::max(options_.snapshot_every, snapshot_seconds_ / snapshot_share))
    begin_snapshot();
}

void Store::snapshot() {
  if (writing_.valid()) writing_.wait();
  commit();
  begin_snapshot();
  finish_snapshot();
}

}  // namespace

std::unique_ptr<ResultsStore> ResultsStore::open(const StoreOptions& options,
                                                 const Provenance& provenance,
                                                 const std::vector<TrialSpec>& grid) {
  return std::make_unique<Store>(options, provenance, grid);
}

std::string ResultsStore::stored_config(const std::string& file) {
  const Replay replay = replay_results(Files(file));
  return replay.state.provenance() ? replay.state.provenance()->config_yaml : "";
}

}  // namespace al_mpi
