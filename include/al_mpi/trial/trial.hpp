#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// One cell of the grid: a whole active-learning loop. A result depends on nothing but the sweep's
/// settings and these fields.
struct TrialSpec {
  int trial = 0;  ///< position in the results file's grid, from 0
  std::string strategy;
  std::string init;
  std::int64_t seed = 0;
  /// Settings that differ from the sweep's, "section.key" -> value (sweep.grid); usually empty.
  std::map<std::string, std::string> settings;

  std::string own_settings() const;  ///< "key=value;...;", empty where there are none

  /// Identity across runs: "strategy/init/seed", with own_settings() and "/" before it.
  std::string key() const;

  /// A name for files of this trial: readable, and unique by a hash of the key.
  std::string file_stem() const;

  /// The spec with this key (trial number 0). Throws DataError if it is none.
  static TrialSpec from_key(const std::string& key);
};

/// One sample chosen by a strategy or an initial set.
struct PickRecord {
  std::int64_t index = 0;  ///< into the pool (/train of the dataset)
  std::int64_t label = 0;  ///< what the oracle answered; -1 for segmentation
  double score = 0.0;      ///< acquisition score, higher = chosen earlier
};

/// The record of one round: the state *after* training on `n_labeled` samples, and the picks that
/// were labelled since the round before (round 0: the initial set).
struct RoundRecord {
  int trial = 0;
  std::string key;  ///< TrialSpec::key()
  int round = 0;
  int attempt = 1;  ///< which start of the trial computed it, from 1
  std::int64_t n_labeled = 0;
  std::vector<PickRecord> picks;
  /// Named numbers, in the order they are stored: accuracy, balanced_accuracy, macro_f1, mean_iou,
  /// nll, ece, train_loss, steps, seconds_query, seconds_train, seconds_evaluate, ... NaN allowed.
  std::vector<std::pair<std::string, double>> metrics;
  std::vector<std::int64_t> confusion;  ///< [K*K] row-major, true x predicted, over the test set
  /// [B, 3] row-major, the predictions over the test set in B equal bins of their confidence: sum
  /// of confidences, correct ones, all. Empty where not known.
  std::vector<double> calibration;
  std::string weights_hash;  ///< 16 hex digits
};

AL_ENUM(TrialState, pending, running, done, failed, quarantined)

/// How a trial ended, or what it is doing.
struct TrialRecord {
  TrialSpec spec;
  TrialState state = TrialState::pending;
  int attempts = 0;
  int rank = -1;
  std::string host;
  std::string device;
  int threads = 0;
  double started = 0.0;  ///< seconds since the epoch (UTC)
  double seconds = 0.0;  ///< wall time of the last attempt
  std::string error;     ///< one line; empty unless failed
};

/// The value of `metrics` named `name`; NaN where it is absent.
double metric(const RoundRecord& record, const std::string& name);

}  // namespace al_mpi
