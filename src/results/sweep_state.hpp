#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "round_log.hpp"
#include <al_mpi/results/reader.hpp>
#include <al_mpi/results/store.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// All that the records of a journal say. The order of records does not matter, and a record may
/// come twice: rounds are keyed by (trial, round), everything else by (trial, attempt). Copies are
/// cheap (RoundLog).
class SweepState {
 public:
  /// Takes one record of the journal (docs/formats.md, "Journal"). Throws DataError if it is not
  /// understood.
  void apply(const nlohmann::json& record);
  void apply_text(std::string_view text);  ///< the same from JSON text

  struct Added {
    bool is_new = false;
    std::string difference;  ///< what contradicts the stored round; empty if nothing
  };
  Added add_round(const RoundRecord& record);

  const std::optional<Provenance>& provenance() const { return provenance_; }
  double created() const { return created_; }  ///< seconds since the epoch
  /// Whether the last start of a farm wrote `opened` with the same words, but for the time.
  bool opened_alike(const nlohmann::json& opened) const;
  const std::vector<TrialRecord>& trials() const { return trials_; }
  const std::vector<ResultsTables::Attempt>& attempts(int trial) const {
    return histories_.at(index(trial)).attempts;
  }
  int find(const std::string& key) const;  ///< -1 if unknown
  int rounds_done(int trial) const;        ///< stored without a gap, from round 0
  int blamed(int trial) const;             ///< failed attempts that were not forgiven
  int n_contradictions() const { return n_contradictions_; }

  /// What must be run again because its records are gone: done trials that lack rounds.
  std::vector<std::string> incomplete() const;

  const RoundLog& rounds() const { return rounds_; }
  ResultsTables tables() const;                  ///< without what is in rounds()
  std::vector<ShownTrial> shown_trials() const;  ///< StoreOptions::illustrate

 private:
  struct History {
    // By number, from 1; lost records leave an empty outcome.
    std::vector<ResultsTables::Attempt> attempts;
    std::vector<std::int64_t> rows;           // [round] row of rounds_, -1 = not there
    int n_done = 0;                           // rounds without a gap, from 0
    int rounds_expected = -1;                 // said by `done`
    int forgiven = 0;                         // attempts up to this one are not blamed
    TrialState verdict = TrialState::failed;  // if the trial was given up
    int given_up_at = 0;                      // attempt of the verdict, 0 = none
    int threads = 0;
  };

  static std::size_t index(int trial) { return static_cast<std::size_t>(trial); }
  int trial_of(const std::string& key);  // adds the trial if it is unknown
  ResultsTables::Attempt& attempt(int trial, int number);
  void opened(const nlohmann::json& record);
  void started(const nlohmann::json& record);
  void ended(const nlohmann::json& record);
  void refresh(int trial);

  std::optional<Provenance> provenance_;
  double created_ = 0.0;
  std::string last_opened_;  // JSON, without its time
  std::vector<TrialRecord> trials_;
  std::vector<History> histories_;
  std::unordered_map<std::string, int> numbers_;  // key -> trial
  RoundLog rounds_;
  int n_contradictions_ = 0;
};

}  // namespace al_mpi
