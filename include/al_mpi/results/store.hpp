#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <al_mpi/results/reader.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

class Journal;
class SweepLock;
class SweepState;
struct Files;
struct Replay;

/// What a results file is about; written into its attributes.
struct Provenance {
  std::string config_yaml;           ///< resolved configuration
  std::string settings_fingerprint;  ///< settings that numbers depend on
  std::string dataset_fingerprint;
  std::string task;                        ///< classification | segmentation
  std::vector<std::string> class_names;    ///< [K]
  std::vector<std::int64_t> class_counts;  ///< [K] samples of each in the pool; empty = not known
  /// "libtorch" -> "1.13.1", "git", "mpi", ...
  std::vector<std::pair<std::string, std::string>> versions;
};

/// A trial that stands for all seeds of its strategy and initial set where samples are shown.
struct ShownTrial {
  TrialSpec spec;
  std::vector<std::vector<PickRecord>> picks;  ///< [round]
};

struct StoreOptions {
  /// results/NAME.h5; the journal NAME.journal and NAME.checkpoints/ lie beside it.
  std::string file;
  double snapshot_every = 30.0;  ///< seconds
  bool read_only = false;        ///< `status`: no lock, nothing is written
  /// Called each second while a lock is waited for whose holder may be dead; empty: no waiting.
  std::function<void()> waiting = nullptr;
  /// Adds pictures and the map to what a snapshot writes. Called in the thread that writes it, with
  /// the trials of the lowest seeds that have rounds; what it throws is told, and costs no more.
  std::function<void(const std::vector<ShownTrial>&, ResultsTables&)> illustrate = nullptr;
};

/// Rank 0's one door to disk: the journal (durable), the snapshot made from it, and the lock.
///
/// Everything is keyed by TrialSpec::key() and round, so taking the same record twice stores it
/// once. Not thread-safe; rank 0's loop owns it.
class ResultsStore {
 public:
  enum class Taken { stored, duplicate, different };

  /// Opens or creates the files, takes the lock, replays the journal, merges `grid` into it (more
  /// trials extend it; trial numbers of known keys are kept). Throws ConfigError if the stored
  /// settings or dataset fingerprint differ, FarmError if another farm holds the
  /// lock (usage if it lives, unfinished if that is not known yet), DataError if the folder is not
  /// writable or the files are foreign.
  static std::unique_ptr<ResultsStore> open(const StoreOptions& options,
                                            const Provenance& provenance,
                                            const std::vector<TrialSpec>& grid);
  ~ResultsStore();

  /// What an existing results file says that it is about; nothing if there is none.
  static std::optional<Provenance> stored_provenance(const std::string& file);

  const std::vector<TrialRecord>& trials() const;  ///< index = TrialSpec::trial
  int rounds_done(int trial) const;                ///< rounds stored without a gap
  int blamed(int trial) const;  ///< failed attempts, without interrupted and forgiven ones
  const std::vector<ResultsTables::Attempt>& attempts(int trial) const;
  std::string checkpoint_path(int trial) const;  ///< NAME.checkpoints/...; the folder exists

  // Appended to the journal; durable after the next commit().
  void started(int trial, int rank, const std::string& host, const std::string& device,
               int threads);
  /// `text` is the record's JSON with "type":"round", as the engine writes it: it goes into the
  /// journal as it is. `different` is logged as non-determinism.
  Taken take(const RoundRecord& record, std::string_view text);
  void done(int trial, double seconds);  ///< also removes the checkpoint, after it is durable
  /// A failed attempt. `final`: the trial is given up (failed, or quarantined if `quarantine`).
  void failed(int trial, const std::string& message, bool final, bool quarantine = false);
  void interrupted(int trial);  ///< back to pending: drained, or its rank was lost
  void reset_failed();          ///< --retry-failed: failed trials are pending again

  void commit();           ///< fdatasync of what was appended; cheap if nothing was
  void snapshot_if_due();  ///< rebuilds NAME.h5 if snapshot_every has passed; does not block long
  void snapshot();         ///< rebuilds it now and waits: temporary + fsync + rename

 private:
  ResultsStore(const StoreOptions& options, const Provenance& provenance,
               const std::vector<TrialSpec>& grid);
  const TrialRecord& trial(int number) const;
  void record(const nlohmann::json& event);  ///< into the state and the journal
  void ended(int trial, const char* outcome, nlohmann::json more);
  void open_journal(Replay& replay);
  void start_session(const Provenance& provenance, const std::vector<TrialSpec>& grid);
  void begin_snapshot();
  void finish_snapshot();

  using Clock = std::chrono::steady_clock;
  StoreOptions options_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<SweepLock> lock_;
  std::unique_ptr<SweepState> state_;
  std::unique_ptr<Journal> journal_;
  std::vector<std::string> obsolete_;  ///< checkpoints to remove after the next commit
  Clock::time_point last_heartbeat_ = Clock::now();
  Clock::time_point last_snapshot_ = Clock::now() - std::chrono::hours(1);
  double snapshot_seconds_ = 0.0;
  std::future<double> writing_;  ///< seconds the snapshot took
};

}  // namespace al_mpi
