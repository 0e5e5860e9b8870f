#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/own_program.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// What diversity is measured on: frozen embeddings, or the inputs of the network's last layer.
AL_ENUM(DiversityFeatures, embeddings, penultimate)
/// Pixel scores to one score an image, see pixel_reduce.hpp.
AL_ENUM(PixelReduction, trimmed_mean_minus_std, mean, sum, max, trimmed_mean, top_share, grid_mean,
        class_balanced)
/// Which pixel entropy is labelled first; the lowest: the published study.
AL_ENUM(PixelEntropy, highest, lowest)
/// What a pixel's margin subtracts; class indices: the published study.
AL_ENUM(PixelMargin, probabilities, class_indices)
/// Noise on acquisition scores, see stochastic.hpp.
AL_ENUM(ScoreNoise, none, power, softmax, softrank)
/// What bait's lambda is added to: the sum over labelled and picked samples, or their mean (the
/// authors' code).
AL_ENUM(RidgeOn, sum, mean)
/// What the cost of a label does to the rank of a sample, see per_cost.hpp.
AL_ENUM(CostRule, ignored, score_per_cost)
/// What lcmd measures distances between: gradients of the last layer, or query.features.
AL_ENUM(LcmdDistances, gradients, features)

/// A strategy that is a program of the user's (docs/own_code.md). Read from external.strategies.
struct ExternalStrategy {
  OwnProgram program;
  std::vector<std::string> needs;  ///< arrays of catalog/arrays.def that it is given
  double time_limit = 600;         ///< seconds a query, > 0
};
using ExternalStrategies = std::map<std::string, ExternalStrategy>;  ///< by name

/// A part of query.schedule: a strategy, and for how many rounds it is asked.
struct ScheduledStrategy {
  std::string name;
  std::int64_t rounds = 0;  ///< 1 .. 100000; 0 = all that follow, of the last part
};

/// How strategies and initial sets choose, and the predictions that they look at. Read from the
/// section `query` of a configuration.
struct QueryOptions : PredictionOptions {
  DiversityFeatures features = DiversityFeatures::embeddings;
  std::int64_t mc_passes = 10;  ///< T, >= 1
  PixelReduction pixel_reduction = PixelReduction::trimmed_mean_minus_std;
  PixelEntropy pixel_entropy = PixelEntropy::highest;
  PixelMargin pixel_margin = PixelMargin::probabilities;
  std::int64_t kmeans_restarts = 10;  ///< k-means++ starts, best inertia kept, >= 1
  ScoreNoise stochastic = ScoreNoise::none;
  CostRule cost = CostRule::ignored;
  double stochastic_beta = 1.0;                    ///< its inverse temperature, > 0
  std::int64_t batch_bald_candidates = 2000;       ///< best by BALD that batch_bald looks at, >= 1
  std::int64_t batch_bald_configurations = 10000;  ///< label configurations kept, >= 1
  std::int64_t cluster_margin_factor = 10;         ///< smallest margins it looks at, times n, >= 1
  std::int64_t cluster_margin_size = 20;           ///< pool samples a cluster on average, >= 1
  double prob_cover_delta = 0.0;    ///< radius of the balls, in (0, 2]; 0 = by purity
  double prob_cover_purity = 0.95;  ///< share of balls of one cluster, in (0, 1]
  LcmdDistances lcmd_distances = LcmdDistances::gradients;
  double alfa_mix_epsilon = 0.2;     ///< first size of the mixing step, in (0, 1]
  std::int64_t bait_dimensions = 0;  ///< principal axes bait looks at, >= 0; 0 = max(1, 320/C - 1)
  double bait_ridge = 1.0;           ///< lambda on the diagonal of bait's Fisher information, > 0
  RidgeOn bait_ridge_on = RidgeOn::sum;
  /// Labelled samples that each pick counts as, >= 0; 0 = as many as are picked at once, as the
  /// authors do
  double bait_weight = 1.0;
  std::string two_stage_first = "entropy_sampling";  ///< strategy that keeps candidates ...
  std::string two_stage_second = "kcenter_greedy";   ///< ... for the one that picks among them
  std::int64_t two_stage_factor = 5;                 ///< candidates kept, times n, >= 1
  std::vector<ScheduledStrategy> schedule = {{"typiclust", 3}, {"margin_sampling", 0}};
  std::int64_t boss_candidates = 100;  ///< batches that boss compares, >= 1
  std::int64_t boss_subset = 2500;     ///< samples that each is picked from, >= 1
  /// Strategies that pick them by turns.
  std::vector<std::string> boss_members = {"random_sampling",
                                           "class_balanced_random",
                                           "margin_sampling",
                                           "kcenter_greedy",
                                           "typiclust",
                                           "max_herding",
                                           "uherding",
                                           "badge",
                                           "lcmd",
                                           "falcun",
                                           "drop_query",
                                           "alfa_mix"};
  std::int64_t partition = 1;               ///< random shares asked one by one, >= 1
  std::int64_t adversarial_max_steps = 50;  ///< cap on BIM and DeepFool steps, >= 1
  double adversarial_epsilon =
      0.05;  ///< BIM step, in standard deviations of the normalised input, > 0
  ExternalStrategies external = {};  ///< section external
};

/// The strategy that is asked in a round, from 1. Throws ConfigError where the schedule ends
/// before.
inline const std::string& scheduled(const std::vector<ScheduledStrategy>& schedule,
                                    std::int64_t round) {
  std::int64_t end = 0;
  for (const ScheduledStrategy& part : schedule) {
    end += part.rounds;
    if (part.rounds == 0 || round <= end) return part.name;
  }
  throw ConfigError("query.schedule", "names no strategy for round " + std::to_string(round) +
                                          " (a last one without a number is asked to the end)");
}

/// The strategies whose answers make up a strategy's: itself, the stages of two_stage, the parts of
/// schedule with their stages, or boss and its members.
inline std::vector<std::string> stages_of(const std::string& strategy,
                                          const QueryOptions& options) {
  if (strategy == "two_stage") return {options.two_stage_first, options.two_stage_second};
  std::vector<std::string> stages;
  const auto append = [&](const std::vector<std::string>& more) {
    stages.insert(stages.end(), more.begin(), more.end());
  };
  if (strategy == "schedule") {
    for (const ScheduledStrategy& part : options.schedule) append(stages_of(part.name, options));
    return stages;
  }
  stages = {strategy};
  if (strategy == "boss") append(options.boss_members);
  return stages;
}

/// Whether a strategy, or a stage of it, has `what` among its needs.
inline bool asks_for(const std::string& what, const std::string& strategy,
                     const QueryOptions& options) {
  const auto needs = [&](const std::string& name) {
    const auto found = options.external.find(name);
    if (found == options.external.end()) return strategy_needs(name, what);
    const std::vector<std::string>& arrays = found->second.needs;
    return std::find(arrays.begin(), arrays.end(), what) != arrays.end();
  };
  const std::vector<std::string> stages = stages_of(strategy, options);
  return std::any_of(stages.begin(), stages.end(), needs);
}

}  // namespace al_mpi
