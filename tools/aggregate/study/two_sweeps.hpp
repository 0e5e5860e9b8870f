#pragma once

#include <string>
#include <vector>

#include "analysis.hpp"
#include "settings.hpp"

namespace al_mpi {

/// One strategy from one initial set in two sweeps.
struct Change {
  std::string start;  ///< initial set, settings from sweep.grid: "random loop.n_init=8;"
  double first_labels = 0.0, last_labels = 0.0;  ///< the budgets that both have
  bool paired = false;    ///< over the seeds that both have; else both take all of theirs
  Sample a, b;            ///< over those seeds
  Comparison comparison;  ///< B against A; Holm over the strategies of the initial set
};

/// Two sweeps side by side.
struct TwoSweeps {
  Study joint;                  ///< both as one group, strategies named by side_name()
  Analysis analysis;            ///< of the metric, without panels
  std::vector<Change> changes;  ///< by grid, initial set, measure, strategy
  std::vector<SettingChange> settings;
  std::vector<std::string> notes;  ///< what only one of them holds, and what makes them unlike
};

/// "margin_sampling [A]".
std::string side_name(const std::string& strategy, char side);

/// Compares B with A: the strategies and initial sets that both hold, in the range of labels that
/// both cover. The comparison is paired over seeds where both have the same data set and two or
/// more seeds have values in both; else it is Welch's test. Throws DataError where they share
/// nothing, ConfigError where one lacks the metric.
TwoSweeps compare_sweeps(const std::string& a, const std::string& b,
                         const AnalysisOptions& options);

}  // namespace al_mpi
