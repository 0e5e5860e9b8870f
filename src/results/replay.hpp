#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal.hpp"
#include "sweep_state.hpp"
#include <al_mpi/results/reader.hpp>
#include <al_mpi/results/store.hpp>

namespace al_mpi {

/// The files of a sweep, beside its results file NAME.h5.
struct Files {
  explicit Files(const std::string& results_file);
  std::string results;      ///< NAME.h5
  std::string journal;      ///< NAME.journal
  std::string damaged;      ///< NAME.journal.damaged: the journal before its last repair
  std::string lock;         ///< NAME.lock
  std::string checkpoints;  ///< NAME.checkpoints
};

/// What the files say about a sweep.
struct Replay {
  SweepState state;
  JournalScan scan;
  std::int64_t end = 0;              ///< where the journal goes on
  std::vector<std::string> rescued;  ///< records that only NAME.h5 still had, to be appended
  bool has_journal = false;
  bool foreign = false;  ///< the file of that name holds not one whole record
};

/// Reads the journal alone. Throws DataError if it is not this program's, unless `or_none`.
Replay replay_journal(const Files& files, bool or_none = false);

/// Reads the journal; what it lost, or if there is none, is taken from NAME.h5. Throws DataError if
/// the files are not this program's.
Replay replay_results(const Files& files);

/// Warns of damaged lines, and of what must be run again because of them.
void report_damage(const Replay& replay, const SweepState& state);

/// If lines are damaged, copies the journal aside and writes it anew from its whole records and the
/// rescued ones, each once. Throws if that cannot be written.
void repair_journal(const Files& files, Replay& replay);

/// Throws ConfigError if the stored settings or dataset differ from the present ones. Empty
/// fingerprints, which a caller gives who only reads, fit everything.
void check_same_provenance(const SweepState& state, const Provenance& now, const std::string& file);

/// File name of a trial's checkpoint: readable and unique; no key leads out of the folder.
std::string checkpoint_name(const TrialSpec& spec);

/// `tables` with the attributes that the results file gets.
ResultsTables with_attributes(ResultsTables tables, const SweepState& state);

}  // namespace al_mpi
