#pragma once

#include <string>
#include <vector>

#include "study.hpp"

#include <al_mpi/stats/bootstrap.hpp>
#include <al_mpi/stats/curve.hpp>
#include <al_mpi/stats/paired_tests.hpp>
#include <al_mpi/stats/rank_stability.hpp>
#include <al_mpi/stats/rank_tests.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {

struct Analysis;

std::string budget_text(double budget, BudgetUnit unit);  ///< "96 labels", "a cost of 12.5"
std::string axis_title(BudgetUnit unit);                  ///< of the x axis of curves

struct AnalysisOptions {
  std::string metric;  ///< empty: metric_of() chooses
  BudgetUnit x = BudgetUnit::labels;
  std::string baseline = "random_sampling";
  double alpha = 0.05;               ///< level of tests; intervals have confidence 1 - alpha
  std::vector<double> targets;       ///< of the metric: at which budget are they reached?
  double equivalence_margin = 0.01;  ///< of the metric: a smaller difference does not matter
  double ramp_up_share = 0.9;        ///< of the baseline's rise, where the ramp-up ends
  std::size_t resamples = 1000;      ///< of the bootstrap
};

/// Summary of one number per seed.
struct Spread {
  Sample sample;
  Interval interval;  ///< bootstrap interval of the mean, paired by seed
};

struct StrategySummary {
  std::string strategy;
  TrialCounts trials;
  std::vector<Spread> rounds;  ///< [budget]
  Spread final;                ///< at the last budget
  Spread area;                 ///< normalised area under the learning curve (AULC)
  Sample ramp_up, plateau;     ///< normalised areas before and after PanelAnalysis::split
  Sample drops;                ///< falls from one round to the next, a trial
  double largest_drop = 0.0;
};

/// The number that a learning curve is reduced to.
enum class Measure { area, final };
std::string to_string(Measure measure);  ///< "AULC", "final"

/// How much of what an oracle gains over the baseline a strategy gains: a ratio of means over the
/// seeds that all three have.
struct OracleShare {
  std::string oracle;  ///< that with the best mean; empty: the panel has none
  double gain = missing;
  Interval gain_interval{missing, missing};
  double share = missing;               ///< NaN where the oracle gains nothing
  Interval interval{missing, missing};  ///< missing where the oracle may gain nothing, too
};

/// A strategy against the baseline, over the seeds both have.
struct Comparison {
  std::string strategy;
  Measure measure = Measure::area;
  PairedTest t, wilcoxon;
  double t_holm = missing,
         wilcoxon_holm = missing;  ///< over the strategies of this panel and measure
  Interval interval;               ///< of the difference
  double effect = missing;         ///< Hedges' g of pairs
  WinTieLoss seeds;                ///< won: better than the baseline
  /// Whether it is worse or better by AnalysisOptions::equivalence_margin: p-values, raw and by
  /// Holm over the strategies.
  struct Margin {
    double no_worse = missing, no_better = missing, equivalent = missing;
  } margin, margin_holm;
  /// Student's interval of the difference at 1 - 2 alpha: within the margin where both one-sided
  /// tests reject at alpha.
  Interval narrow;
  OracleShare oracle;
  double seeds_1pt = missing, seeds_2pt = missing;  ///< needed to see a difference of 0.01, 0.02
};

/// What a comparison shows at level alpha, by p-values that Holm's method adjusted: "better",
/// "worse"; "equivalent" (the difference is smaller than the margin; "better, equivalent" where
/// there is a difference, but a small one); "no better", "no worse" (by the margin); "open" where
/// none of these is shown; "-" where nothing could be tested.
std::string shown_by(const Comparison& comparison, const Analysis& analysis);

/// The budget at which a strategy's mean curve reaches a value of the metric, and how much of it
/// that saves compared with the baseline; labels, or costs with AnalysisOptions::x. Intervals come
/// from resampled mean curves; an end of an interval is infinite where resamples do not reach the
/// value with the labels they have.
struct Saving {
  std::string strategy;
  double target = missing;  ///< value of the metric
  bool baseline_final =
      false;                ///< the target is the baseline's final mean, in each resample its own
  double labels = missing;  ///< NaN: not reached
  double saved = missing;   ///< the baseline's less these; NaN: one of them is unknown
  double saved_share = missing;  ///< of the baseline's
  Interval labels_interval{missing, missing}, saved_interval{missing, missing},
      saved_share_interval{missing, missing};
};

/// How well the seeds at hand resolve differences, over all pairs of strategies.
struct PowerStatement {
  Measure measure = Measure::area;
  double median_std = missing;                      ///< of paired differences, over pairs
  double seeds_1pt = missing, seeds_2pt = missing;  ///< median pair, 80 % power
  double resolved = missing;  ///< smallest difference the median pair shows with the seeds at hand
};

struct PanelAnalysis {
  Panel panel;
  double split = missing;  ///< labels at which the ramp-up ends
  std::vector<StrategySummary> strategies;
  std::vector<Comparison> comparisons;  ///< by measure, then strategy; empty without the baseline
  std::vector<PowerStatement> power;    ///< one a measure
  std::vector<Saving> savings;          ///< by target, then strategy
};

/// All initial sets of one data set together.
struct GroupAnalysis {
  std::string dataset;
  std::vector<std::string> strategies;  ///< that finished a trial; all of them where none has
  std::vector<std::string> left_out;    ///< the others: not in ranks and penalty matrices
  std::vector<std::vector<int>> penalty,
      penalty_holm;                      ///< summed over initial sets; row beats column
  int budgets = 0;                       ///< the most a cell of the penalty matrix can hold
  Friedman ranks_area, ranks_final;      ///< a block: one initial set and seed
  double critical_difference = missing;  ///< of ranks_area
  double critical_difference_final = missing;
  std::vector<std::string> contenders;            ///< `strategies` without oracles
  RankStability stability_area, stability_final;  ///< of the contenders
};

/// A value to compare a sweep with: the mean final value of other trials, e.g. of trials that are
/// given all labels at once.
struct Bound {
  double labels = 0.0;
  Sample sample;
};

/// The bounds of results files, one for each file: the mean over all trials that reached the file's
/// last budget. Throws DataError, ConfigError (no such metric).
std::vector<Bound> read_bounds(const std::vector<std::string>& paths, const std::string& metric);

struct Analysis {
  std::string metric;
  AnalysisOptions options;
  bool lower_is_better = false;
  std::vector<PanelAnalysis> panels;
  std::vector<GroupAnalysis> groups;
  std::vector<Bound>
      bounds;  ///< drawn across the learning curves; final values are shown as a share of the first
  std::vector<std::string> notes;  ///< the study's, and what could not be computed
};

/// Throws ConfigError on an unknown metric or baseline (where the baseline is the default one and
/// absent, a note says so).
Analysis analyze(const Study& study, const AnalysisOptions& options);

/// Computes the summaries only: no comparisons, no power, no groups. It is quick, and used for
/// further metrics and for running sweeps.
Analysis summarize(const Study& study, const AnalysisOptions& options);

/// Sum over budgets of the mean over strategies of the population standard deviation over seeds:
/// the reference's measure of spread, printed in its figures.
double sum_of_mean_stds(const Panel& panel);

/// Mean over strategies of the mean at the last budget, as in the reference's figures.
double mean_of_last(const Panel& panel);

}  // namespace al_mpi
