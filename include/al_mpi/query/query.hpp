#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>
#include <al_mpi/data/pool.hpp>
#include <al_mpi/model/feature_quality.hpp>
#include <al_mpi/model/predictions.hpp>
#include <al_mpi/query/options.hpp>

namespace al_mpi {

/// One sample chosen, and why.
struct Pick {
  std::int64_t index = 0;  ///< global pool index
  double score = 0.0;      ///< acquisition score, higher = "label me first"
};
using Picks = std::vector<Pick>;  ///< in the order they were chosen

/// Everything a strategy or an initial set may look at. Deterministic: the same context, the same
/// picks.
struct QueryContext {
  const Indices& unlabeled;  ///< candidates, ascending
  const Indices& labeled;    ///< bought before, in that order; empty for an initial set
  const std::vector<std::int64_t>& labels;  ///< their classes (same order); empty for segmentation
  std::int64_t n;                           ///< picks wanted
  const QueryOptions& options;
  Predictions& predictions;
  std::int64_t seed;  ///< of the trial
  int round;          ///< of the query, from 1; 0 for an initial set

  /// Class of a candidate, bought or not, or the classes of an image's pixels; set for names that
  /// the catalog marks as oracles only.
  std::function<std::vector<std::int64_t>(std::int64_t index)> oracle_classes = {};
  /// Penultimate features of the test set, with their classes; as oracle_classes, for oracles only.
  std::function<LabeledFeatures()> oracle_test = {};
  /// Called by strategies that rank candidates, with the acquisition scores of all (before noise).
  std::function<void(const Indices& indices, const at::Tensor& scores)> keep_scores = {};
  std::function<void()> alive = {};  ///< a sign of life in a long query
  std::int64_t pool_size = 0;        ///< samples of the whole pool; 0 = not told
  /// What the label of a candidate costs now; for strategies that query.cost concerns only.
  std::function<double(std::int64_t index)> cost_of = {};

  /// This context with other candidates and another number of picks.
  QueryContext about(const Indices& candidates, std::int64_t wanted,
                     const QueryOptions& other_options) const {
    return {candidates,  labeled, labels,    wanted,         other_options,
            predictions, seed,    round,     oracle_classes, oracle_test,
            keep_scores, alive,   pool_size, cost_of};
  }

  /// The strategy's stream for one purpose ("query", "tie_break", ...).
  RngStream rng(const std::string& purpose) const {
    return RngStream(seed, purpose, static_cast<std::uint64_t>(round));
  }
};

/// A strategy or an initial set. Contract (a test runs every registered name): exactly min(n,
/// candidates) distinct unlabelled indices; the same streams, the same answer; permuting the
/// candidates changes nothing; labels of candidates are never read; non-finite scores come last.
using QueryFn = std::function<Picks(QueryContext&)>;

/// Acquisition function: probabilities with the classes in dimension 1, [b, C] or [b, C, H, W]
/// float64 in [1e-12, 1], to one score a sample or pixel, [b] or [b, H, W]; higher = label first.
using ScoreFn = std::function<at::Tensor(const at::Tensor& probabilities)>;

/// Scores of all candidates [n] float64 from one deterministic pass; pixel maps are reduced to one
/// number an image by query.pixel_reduction.
at::Tensor score_probabilities(QueryContext& context, const ScoreFn& score);
/// The same on the mean over query.mc_passes MC-dropout passes.
at::Tensor score_mean_mc_probabilities(QueryContext& context, const ScoreFn& score);
/// The same on all passes, [T, b, C, ...] (for BALD and its relatives).
at::Tensor score_mc_probabilities(QueryContext& context, const ScoreFn& score);

/// The `n` candidates of highest score (or all), best first. Ties are broken by a seeded hash of
/// the global index (not by position); non-finite scores come last and are logged. `scores`
/// [n_unlabeled].
Picks highest(const QueryContext& context, const at::Tensor& scores, std::int64_t n);

/// The context.n highest, after the division of query.cost and the noise of query.stochastic (see
/// per_cost.hpp, stochastic.hpp).
Picks top_n(const QueryContext& context, const at::Tensor& scores);

/// A seeded hash of each global index: the larger wins a tie.
std::vector<std::uint64_t> tie_break_hashes(const QueryContext& context, const Indices& indices);

/// Picks of candidates by their row in `context.unlabeled` -> by their global index.
Picks global_picks(const QueryContext& context, Picks rows);

/// Diversity features of `indices`, [n, d] float32: frozen embeddings or penultimate features, as
/// query.features says; for an initial set always the embeddings.
at::Tensor diversity_features(QueryContext& context, const Indices& indices);

}  // namespace al_mpi
