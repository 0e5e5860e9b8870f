#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis.hpp"

namespace al_mpi {

/// The position of `name` in `names`; nothing if it is not there.
std::optional<std::size_t> position(const std::vector<std::string>& names, const std::string& name);

/// Values whose sign is changed where lower is better, so that higher is always better.
double oriented(double value, bool lower_better);
std::vector<double> oriented(std::vector<double> values, bool lower_better);

/// One number a seed: area under the curve, or value at the last budget; NaN where the trial
/// stopped early.
std::vector<double> per_seed(const Panel& panel, std::size_t strategy, Measure measure);

/// Which share of the gain of `oracle` over `baseline` a strategy reaches; the arguments hold one
/// value a seed.
OracleShare share_of_gain(const std::vector<double>& strategy, const std::vector<double>& baseline,
                          const std::vector<double>& oracle, bool lower_better, double confidence,
                          const PairedBootstrap& bootstrap);

/// Compares a strategy with another over the seeds that both have; the arguments hold one value a
/// seed. p-values are not adjusted.
Comparison compare_scores(const std::vector<double>& strategy, const std::vector<double>& baseline,
                          const Analysis& all, const PairedBootstrap& bootstrap);

/// Adds the p-values adjusted by Holm: the rows are one family.
void adjust_by_holm(std::vector<Comparison>& rows);

/// Every other strategy against the baseline; empty where the panel lacks it.
std::vector<Comparison> compare_with_baseline(const Panel& panel, const Analysis& all,
                                              Measure measure, const PairedBootstrap& bootstrap);

PowerStatement power_statement(const Panel& panel, const Analysis& all, Measure measure);

/// Penalty matrices and ranks of every data set, from its panels.
std::vector<GroupAnalysis> analyze_groups(const Analysis& all);

}  // namespace al_mpi
