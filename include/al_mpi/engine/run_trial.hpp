#pragma once

#include <functional>
#include <memory>
#include <string>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/engine/options.hpp>
#include <al_mpi/model/learner.hpp>
#include <al_mpi/query/options.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// Everything one trial needs; its numbers depend on `spec`, `loop`, `learner`, `query`, `oracle`
/// and the dataset alone.
struct TrialInput {
  TrialSpec spec;
  LoopOptions loop;
  LearnerOptions learner;  ///< run_trial() sets its `predictions` and `predicts_losses`
  QueryOptions query;
  OracleOptions oracle;
  std::shared_ptr<const Dataset> dataset;
  std::string
      checkpoint;  ///< file that is resumed from and replaced after each round; empty = none
  std::string
      network_file;    ///< receives the network of the last round (network_file.hpp); empty = none
  std::string scores;  ///< folder for the acquisition scores of each round; empty = not kept
  /// Segmentation: receives the last round's predictions for n_tiles test tiles; empty = none.
  std::string tile_file;
  std::int64_t n_tiles = 0;
  std::string fingerprint;  ///< of settings and dataset: a checkpoint of others is not resumed
  int attempt = 1;          ///< recorded with each round
};

/// What a running trial tells and asks. Empty functions are left out.
struct TrialEvents {
  std::function<void(const RoundRecord&)>
      round;                          ///< after the round is checkpointed; resumed ones first
  std::function<void()> alive;        ///< a sign of life within a round
  std::function<bool()> should_stop;  ///< asked between rounds
};

enum class TrialEnd { done, stopped };

/// The active-learning loop: initial set, then per round train, evaluate, query, label.
///
/// Round r of the records is the state after training on n_init + r x n_query samples; its picks
/// are the ones bought to get there. n_labeled counts training.validation labels, too: they are
/// bought at random before the start, the same ones for all strategies and initial sets of a seed,
/// and only validated on. A trial resumed from its checkpoint gives the records of an undisturbed
/// one bit for bit, times and attempt aside; so does its network file. A damaged checkpoint is
/// logged and the trial begins anew. Where the GPU has no room, it goes on once more from the
/// checkpoint with the images in the host's memory. Throws ConfigError (unknown strategy, more
/// labels than samples) and DataError (training diverged).
TrialEnd run_trial(const TrialInput& input, const TrialEvents& events = {});

/// What people have said of a pool so far; their labels stand in the dataset.
struct KnownSamples {
  Indices labeled;   ///< to train on, in the order in which they were asked for
  Indices held_out;  ///< only measured on
  Indices left_out;  ///< not to be asked for: skipped, or a question already
};

/// The class that a network gives a sample.
struct ClassGuess {
  std::int64_t label = -1;  ///< -1 = there is no network yet
  double probability = 0;
};

/// One round of the loop where people are the oracle.
struct AskedRound {
  RoundRecord record;  ///< after training on known.labeled; its picks are all of them
  std::vector<PickRecord> next_picks;  ///< what to ask for, best first
  std::vector<ClassGuess> guesses;     ///< [pool size]; empty without a network
};

/// What run_trial() does in one round, with the labelled set given instead of bought: train,
/// evaluate (where the dataset has a test split), choose the next loop.n_query samples, or those
/// that are left; input.network_file receives the network. Where nothing is labelled it
/// chooses loop.n_init samples by spec.init, untrained. A pure function of its arguments;
/// classification with training.reset full.
AskedRound run_asked_round(const TrialInput& input, const KnownSamples& known, int round,
                           const TrialEvents& events = {});

}  // namespace al_mpi
