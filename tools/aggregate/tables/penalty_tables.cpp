#include <fmt/format.h>
#include "tables.hpp"

namespace al_mpi {
namespace {

using Matrix = std::vector<std::vector<int>>;

std::vector<TableCell> wins_row(const GroupAnalysis& g, const Matrix& matrix, std::size_t row) {
  std::vector<TableCell> cells = {g.strategies[row]};
  int wins = 0;
  for (std::size_t j = 0; j < matrix.size(); ++j) {
    cells.push_back(row == j ? TableCell(missing, 0) : TableCell::count(matrix[row][j]));
    wins += matrix[row][j];
  }
  cells.push_back(TableCell::count(wins));
  return cells;
}

std::vector<TableCell> penalty_row(const Matrix& matrix) {
  std::vector<TableCell> cells = {"penalty"};
  for (std::size_t j = 0; j < matrix.size(); ++j) {
    int losses = 0;
    for (const auto& row : matrix) losses += row[j];
    cells.push_back(TableCell::count(losses));
  }
  cells.emplace_back(missing, 0);
  return cells;
}

Table penalty_table(const Analysis& analysis, const GroupAnalysis& g, bool holm) {
  const Matrix& matrix = holm ? g.penalty_holm : g.penalty;
  Table table{
      holm ? "penalty_holm" : "penalty",
      fmt::format("{}: budgets (of {}, over all initial sets) at which the row beats the "
                  "column by a paired t-test at {:g}{}; pairs whose differences do not vary are "
                  "not tested.",
                  g.dataset, g.budgets, analysis.options.alpha,
                  holm ? ", Holm over the pairs of a budget" : ""),
      {"row beats column"},
      {}};
  table.columns.insert(table.columns.end(), g.strategies.begin(), g.strategies.end());
  table.columns.push_back("wins");
  for (std::size_t i = 0; i < matrix.size(); ++i) table.rows.push_back(wins_row(g, matrix, i));
  table.rows.push_back(penalty_row(matrix));
  return table;
}

}  // namespace

std::vector<Table> penalty_tables(const Analysis& analysis) {
  std::vector<Table> tables;
  for (std::size_t i = 0; i < analysis.groups.size(); ++i) {
    if (analysis.groups[i].strategies.size() < 2) continue;
    for (const bool holm : {false, true}) {
      tables.push_back(penalty_table(analysis, analysis.groups[i], holm));
      if (analysis.groups.size() > 1) tables.back().name += fmt::format("_{}", i + 1);
    }
  }
  return tables;
}

}  // namespace al_mpi
