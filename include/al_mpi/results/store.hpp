#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <al_mpi/results/reader.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// What a results file is about; written into its attributes.
struct Provenance {
  std::string config_yaml;           ///< resolved configuration
  std::string settings_fingerprint;  ///< settings that numbers depend on
  std::string dataset_fingerprint;
  std::string task;                        ///< classification | segmentation
  std::vector<std::string> class_names;    ///< [K]
  std::vector<std::int64_t> class_counts;  ///< [K] samples of each in the pool; empty = not known
  std::vector<std::pair<std::string, std::string>>
      versions;  ///< "libtorch" -> "1.13.1", "git", "mpi", ...
};

struct StoreOptions {
  std::string
      file;  ///< results/NAME.h5; the journal NAME.journal and NAME.checkpoints/ lie beside it
  double snapshot_every = 30.0;  ///< seconds
  bool read_only = false;        ///< `status`: no lock, nothing is written
  /// Called each second while a lock is waited for whose holder may be dead; empty: no waiting.
  std::function<void()> waiting = nullptr;
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
  virtual ~ResultsStore() = default;

  /// The stored configuration (YAML) of an existing results file; empty if there is none.
  static std::string stored_config(const std::string& file);

  virtual const std::vector<TrialRecord>& trials() const = 0;  ///< index = TrialSpec::trial
  virtual int rounds_done(int trial) const = 0;                ///< rounds stored, 0-based count
  virtual int blamed(
      int trial) const = 0;  ///< failed attempts, without interrupted and forgiven ones
  virtual bool wanted(int trial) const = 0;  ///< is in `grid`; the file may hold more
  virtual const std::vector<ResultsTables::Attempt>& attempts(int trial) const = 0;
  virtual std::string checkpoint_path(
      int trial) const = 0;  ///< NAME.checkpoints/...; the folder exists

  // Appended to the journal; durable after the next commit().
  virtual void started(int trial, int rank, const std::string& host, const std::string& device,
                       int threads) = 0;
  virtual Taken take(const RoundRecord& record) = 0;  ///< `different` is logged as non-determinism
  virtual void done(int trial,
                    double seconds) = 0;  ///< also removes the checkpoint, after it is durable
  /// A failed attempt. `final`: the trial is given up (failed, or quarantined if `quarantine`).
  virtual void failed(int trial, const std::string& message, bool final,
                      bool quarantine = false) = 0;
  virtual void interrupted(int trial) = 0;  ///< back to pending: drained, or its rank was lost
  virtual void reset_failed() = 0;          ///< --retry-failed: failed trials are pending again

  virtual void commit() = 0;  ///< fdatasync of what was appended; cheap if nothing was
  virtual void
  snapshot_if_due() = 0;  ///< rebuilds NAME.h5 if snapshot_every has passed; does not block long
  virtual void snapshot() = 0;  ///< rebuilds it now and waits: temporary + fsync + rename
};

}  // namespace al_mpi
