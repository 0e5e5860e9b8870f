#pragma once

#include <vector>

namespace al_mpi {

/// values[strategy][budget][seed] of one data set and initial set; NaN where missing.
using StrategyCurves = std::vector<std::vector<std::vector<double>>>;

struct PenaltyOptions {
  double alpha = 0.05;
  bool holm = false;  ///< adjust over all pairs of strategies of one budget
};

/// Pairwise penalty matrix [k][k]: at how many budgets the row beats the column, by a paired t-test
/// over seeds. Row sums are wins, column sums penalties; matrices of several settings add up.
/// Reference: Ash et al., Deep batch active learning by diverse, uncertain gradient lower bounds
/// (2020), sec. 4.
std::vector<std::vector<int>> penalty_matrix(const StrategyCurves& curves,
                                             const PenaltyOptions& options = {});

}  // namespace al_mpi
