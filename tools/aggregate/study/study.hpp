#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/results/reader.hpp>
#include <al_mpi/stats/penalty.hpp>

namespace al_mpi {

/// One trial of a study: where its rows lie.
struct StudyTrial {
  std::size_t file = 0;                   ///< into Study::files
  std::size_t trial = 0;                  ///< into that file's trials
  std::size_t group = 0;                  ///< into Study::groups
  std::size_t first_row = 0, n_rows = 0;  ///< into that file's rounds
  TrialState state = TrialState::pending;
};

/// Several results files seen as one. A group is one data set under one configuration: trials of
/// one group may be compared and averaged, trials of two groups never are.
struct Study {
  std::vector<ResultsTables> files;
  std::vector<std::string> groups;  ///< labels, distinct
  std::vector<StudyTrial> trials;   ///< every trial once, by group, init, strategy, seed
  std::vector<std::string>
      notes;  ///< what the reader must know: doubled, failed, unfinished trials

  const TrialRecord& record(const StudyTrial& trial) const {
    return files[trial.file].trials[trial.trial];
  }
};

/// Reads and merges. Files of equal data-set and settings fingerprints join one group; a trial that
/// is in two files is taken once (the one with more rounds) and noted. Throws DataError.
Study read_study(const std::vector<std::string>& paths, const ReadWhat& what = {});
Study merge_study(std::vector<ResultsTables> files);

/// Metrics that hold at least one finite number, in the catalogue's order.
std::vector<std::string> metrics_of(const Study& study);

/// Throws DataError where there are rounds, but not one finite number in them.
void check_values(const Study& study);

/// `name` checked against metrics_of(); empty: mean_iou where there is one, else accuracy, else the
/// first that is no time. Throws ConfigError on an unknown name.
std::string metric_of(const Study& study, const std::string& name);

/// How the trials of one strategy ended.
struct TrialCounts {
  int planned = 0, done = 0, failed = 0;
  int gappy = 0;  ///< with rounds whose value is missing, NaN or infinite
  int unfinished() const { return planned - done - failed; }
};
std::string to_string(const TrialCounts& counts);  ///< "2/3, 1 failed"

/// What budgets, the x axis of curves, are counted in: labels bought, or what they have cost.
AL_ENUM(BudgetUnit, labels, cost)

/// One metric of one group and initial set, as a block: what the statistics work on.
struct Panel {
  std::size_t group = 0;
  std::string dataset;  ///< label of the group
  std::string init;
  std::vector<std::string> strategies;  ///< in catalogue order
  std::vector<std::int64_t> seeds;      ///< ascending
  std::vector<double> labels;           ///< budgets, ascending; of costs, too
  bool interpolated = false;            ///< values are read between rounds
  StrategyCurves values;                ///< [strategy][budget][seed], NaN where missing or infinite
  std::vector<std::vector<std::vector<bool>>> measured;  ///< the same: whether there is a round
  std::vector<TrialCounts> trials;                       ///< [strategy]
};

/// One panel a (group, init), in the order of groups and of the catalogue. Over costs, which no two
/// trials need to share, budgets lie evenly between the greatest first and the least last cost of
/// finished trials, as many as a trial has rounds, and values are linear between rounds. Where a
/// file tells no costs, a label costs 1. Throws DataError on costs that do not grow.
std::vector<Panel> panels_of(const Study& study, const std::string& metric,
                             BudgetUnit unit = BudgetUnit::labels);

/// A learning curve over the budgets at which there is a round; NaN where it has no value.
struct LabelCurve {
  std::vector<double> labels, values;
};

/// values[strategy] of a panel turned to one curve a seed.
std::vector<LabelCurve> by_seed(const Panel& panel, std::size_t strategy);

/// Whether any seed of a strategy has a round at a budget.
bool has_rounds(const Panel& panel, std::size_t strategy, std::size_t budget);

}  // namespace al_mpi
