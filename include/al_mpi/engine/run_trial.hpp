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

}  // namespace al_mpi
