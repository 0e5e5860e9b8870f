#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"

namespace al_mpi {
namespace {

using Matrix = std::vector<std::vector<int>>;

int column_sum(const Matrix& matrix, std::size_t column) {
  int sum = 0;
  for (const auto& row : matrix) sum += row[column];
  return sum;
}

int row_sum(const Matrix& matrix, std::size_t row) {
  int sum = 0;
  for (const int wins : matrix[row]) sum += wins;
  return sum;
}

/// Two data blocks. `cells` holds x, y, the number of wins, its colour and its text (none on the
/// diagonal); `sums` holds the sums of rows and columns.
std::string matrix_data(const Matrix& matrix, const std::vector<std::size_t>& order, int top) {
  std::vector<std::vector<std::string>> cells, sums;
  const std::size_t k = order.size();
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      const int wins = matrix[order[i]][order[j]];
      const bool dark = 2 * wins > top;
      cells.push_back({fmt::format("{}", j), fmt::format("{}", i), fmt::format("{}", wins),
                       dark ? "0xffffff" : "0x222222", i == j ? "\"\"" : fmt::format("{}", wins)});
    }
    sums.push_back(
        {fmt::format("{}", k), fmt::format("{}", i), fmt::format("{}", row_sum(matrix, order[i]))});
    sums.push_back({fmt::format("{}", i), fmt::format("{}", k),
                    fmt::format("{}", column_sum(matrix, order[i]))});
  }
  return data_block("cells", cells) + data_block("sums", sums);
}

std::string axis_tics(const std::vector<std::string>& names, const std::vector<std::size_t>& order,
                      const std::string& last) {
  std::string text;
  for (std::size_t i = 0; i < order.size(); ++i) {
    text += fmt::format("{} {}, ", quoted(shown_name(names[order[i]])), i);
  }
  return "(" + text + fmt::format("{} {})", quoted(last), order.size());
}

Figure penalty_figure(const Analysis& analysis, const GroupAnalysis& g, bool holm) {
  const Matrix& matrix = holm ? g.penalty_holm : g.penalty;
  std::vector<double> score;
  int top = 1;
  for (std::size_t j = 0; j < matrix.size(); ++j) {
    score.push_back(row_sum(matrix, j) - column_sum(matrix, j));
    for (const int wins : matrix[j]) top = std::max(top, wins);
  }
  const std::vector<std::size_t> order = best_first(score);
  const auto k = static_cast<int>(order.size());
  Figure figure;
  figure.name = figure_name(analysis, holm ? "penalty_matrix_holm" : "penalty_matrix", g.dataset);
  figure.width = 370 + 42 * k;
  figure.height = 250 + 32 * k;
  figure.data = matrix_data(matrix, order, top);
  figure.script =
      common_settings() + "unset border\nunset grid\nset tics scale 0\nunset offsets\n" +
      fmt::format("set xrange [-0.5:{0}.5]\nset yrange [{0}.5:-0.5]\n", k) +
      fmt::format("set xtics {} rotate by 40 right\nset ytics {}\n",
                  axis_tics(g.strategies, order, "wins"),
                  axis_tics(g.strategies, order, "penalty")) +
      fmt::format("set title {} offset -8,0\n",
                  quoted(fmt::format(
                      "{}: budgets (of {}) at which the row beats the column\n{}, paired t-test, "
                      "level {:g}{}",
                      g.dataset, g.budgets, analysis.metric, analysis.options.alpha,
                      holm ? ", Holm over pairs" : ""))) +
      fmt::format("set cbrange [0:{}]\nunset colorbox\n", top) +
      "set palette defined (0 \"#f4f6f9\", 0.25 \"#c6dbef\", 0.5 \"#6baed6\", 0.75 \"#2171b5\", 1 "
      "\"#08306b\")\n"
      "plot $cells using 1:2:3 with image pixels notitle, \\\n"
      "  $cells using 1:2:5:4 with labels textcolor rgb variable notitle, \\\n"
      "  $sums using 1:2:(strcol(3)) with labels font \",11\" textcolor rgb \"#222222\" notitle";
  return figure;
}

}  // namespace

std::vector<Figure> penalty_figures(const Analysis& analysis) {
  std::vector<Figure> figures;
  for (const GroupAnalysis& g : analysis.groups) {
    if (g.strategies.size() < 2) continue;
    figures.push_back(penalty_figure(analysis, g, false));
    figures.push_back(penalty_figure(analysis, g, true));
  }
  return figures;
}

}  // namespace al_mpi
