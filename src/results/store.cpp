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

/// Share of the time that writing snapshots may take, for sweeps whose file takes long to write.
constexpr double snapshot_share = 0.1;

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double since(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - time).count();
}

}  // namespace

ResultsStore::ResultsStore(const StoreOptions& options, const Provenance& provenance,
                           const std::vector<TrialSpec>& grid)
    : options_(options), files_(std::make_unique<Files>(options.file)) {
  if (!options.read_only) {
    std::error_code error;
    fs::create_directories(files_->checkpoints, error);
    if (error) throw DataError(files_->checkpoints, "", "cannot be made: " + error.message());
    lock_ = std::make_unique<SweepLock>(files_->lock, options.waiting);
    remove_abandoned(files_->checkpoints);
  }
  Replay replay = replay_results(*files_);
  state_ = std::make_unique<SweepState>(std::move(replay.state));
  check_same_provenance(*state_, provenance, options.file);
  if (options.read_only) return;
  report_damage(replay, *state_);
  // A file size limit must be an error to report, not a signal to die of.
  std::signal(SIGXFSZ, SIG_IGN);
  open_journal(replay);
  start_session(provenance, grid);
}

ResultsStore::~ResultsStore() {
  if (writing_.valid()) writing_.wait();
}

void ResultsStore::open_journal(Replay& replay) {
  try {
    repair_journal(*files_, replay);
  } catch (const std::exception& error) {  // the journal goes on behind the damaged lines
    spdlog::warn("the journal could not be repaired: {}", error.what());
  }
  journal_ = std::make_unique<Journal>(files_->journal, replay.end);
  for (const std::string& text : replay.rescued) journal_->append(text);
}

void ResultsStore::start_session(const Provenance& provenance, const std::vector<TrialSpec>& grid) {
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
  if (!state_->opened_alike(opened)) record(opened);
  for (const TrialSpec& spec : grid) {
    const std::string key = spec.key();
    if (state_->find(key) < 0) {
      json plan = spec;
      plan["type"] = "plan";
      plan["trial"] = state_->trials().size();
      record(plan);
    }
  }
  for (const TrialRecord& entry : std::vector<TrialRecord>(state_->trials())) {
    if (entry.state == TrialState::running) interrupted(entry.spec.trial);  // its farm is gone
  }
  commit();
}

const std::vector<TrialRecord>& ResultsStore::trials() const {
  return state_->trials();
}

int ResultsStore::rounds_done(int trial) const {
  return state_->rounds_done(trial);
}

int ResultsStore::blamed(int trial) const {
  return state_->blamed(trial);
}

const std::vector<ResultsTables::Attempt>& ResultsStore::attempts(int trial) const {
  return state_->attempts(trial);
}

const TrialRecord& ResultsStore::trial(int number) const {
  return trials().at(static_cast<std::size_t>(number));
}

std::string ResultsStore::checkpoint_path(int number) const {
  return (fs::path(files_->checkpoints) / checkpoint_name(trial(number).spec)).string();
}

void ResultsStore::record(const json& event) {
  check(journal_ != nullptr, "a results file opened to read is written");
  state_->apply(event);
  // A message may hold bytes that are no UTF-8: they must not cost the record.
  journal_->append(event.dump(-1, ' ', false, json::error_handler_t::replace));
}

void ResultsStore::started(int number, int rank, const std::string& host, const std::string& device,
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

ResultsStore::Taken ResultsStore::take(const RoundRecord& round, std::string_view text) {
  check(journal_ != nullptr, "a results file opened to read is written");
  const SweepState::Added added = state_->add_round(round);
  if (!added.is_new) {
    if (added.difference.empty()) return Taken::duplicate;
    spdlog::error("{} round {} is not deterministic: {} (the stored one is kept)", round.key,
                  round.round, added.difference);
    return Taken::different;
  }
  journal_->append(text);
  return Taken::stored;
}

void ResultsStore::ended(int number, const char* outcome, json more) {
  const TrialRecord& entry = trial(number);
  more.update({{"type", "ended"},
               {"key", entry.spec.key()},
               {"attempt", std::max(entry.attempts, 1)},
               {"outcome", outcome}});
  if (!more.contains("seconds")) more["seconds"] = entry.started > 0 ? now() - entry.started : 0.0;
  record(more);
}

void ResultsStore::done(int number, double seconds) {
  ended(number, "done", {{"seconds", seconds}, {"rounds", state_->rounds_done(number)}});
  obsolete_.push_back(checkpoint_path(number));
}

void ResultsStore::failed(int number, const std::string& message, bool final, bool quarantine) {
  json more = {{"message", message}};
  if (final) more["verdict"] = name_of(quarantine ? TrialState::quarantined : TrialState::failed);
  ended(number, "failed", more);
}

void ResultsStore::interrupted(int number) {
  ended(number, "interrupted", json::object());
}

void ResultsStore::reset_failed() {
  for (const TrialRecord& entry : std::vector<TrialRecord>(state_->trials())) {
    if (entry.state != TrialState::failed && entry.state != TrialState::quarantined) continue;
    record({{"type", "forgiven"}, {"key", entry.spec.key()}, {"attempts", entry.attempts}});
  }
}

void ResultsStore::commit() {
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

void ResultsStore::begin_snapshot() {
  auto state = std::make_shared<const SweepState>(*state_);
  last_snapshot_ = Clock::now();
  writing_ = std::async(std::launch::async, [this, state] {
    const auto begin = Clock::now();
    ResultsTables tables = with_attributes(state->tables(), *state);
    try {
      if (options_.illustrate) options_.illustrate(state->shown_trials(), tables);
    } catch (const std::exception& error) {
      spdlog::warn("{}: written without pictures: {}", options_.file, error.what());
    }
    write_results(options_.file, tables, state->rounds());
    return since(begin);
  });
}

void ResultsStore::finish_snapshot() {
  snapshot_seconds_ = writing_.get();
}

void ResultsStore::snapshot_if_due() {
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

void ResultsStore::snapshot() {
  if (writing_.valid()) writing_.wait();
  commit();
  begin_snapshot();
  finish_snapshot();
}

std::unique_ptr<ResultsStore> ResultsStore::open(const StoreOptions& options,
                                                 const Provenance& provenance,
                                                 const std::vector<TrialSpec>& grid) {
  return std::unique_ptr<ResultsStore>(new ResultsStore(options, provenance, grid));
}

std::optional<Provenance> ResultsStore::stored_provenance(const std::string& file) {
  return replay_results(Files(file)).state.provenance();
}

}  // namespace al_mpi
