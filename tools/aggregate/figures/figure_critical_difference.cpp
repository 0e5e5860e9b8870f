#include <cmath>

#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"

namespace al_mpi {
namespace {

std::string line(double x1, double y1, double x2, double y2, const std::string& look) {
  return fmt::format("set arrow from {},{} to {},{} nohead {}\n", x1, y1, x2, y2, look);
}

std::string label(const std::string& text, double x, double y, const std::string& look) {
  return fmt::format("set label {} at {},{} {}\n", quoted(text), x, y, look);
}

/// Draws the ruler of ranks at the top, with rank 1 on the left.
std::string ruler(std::size_t k) {
  const auto last = static_cast<double>(k);
  std::string script = line(1, 0, last, 0, "linewidth 1.4");
  const std::size_t step = 1 + (k - 1) / 12;  // between numbers, so that they stay apart
  for (std::size_t rank = 1; rank <= k; ++rank) {
    const auto x = static_cast<double>(rank);
    const bool named = (rank - 1) % step == 0;
    script += line(x, 0, x, named ? 0.25 : 0.12, "linewidth 1.4");
    if (named) script += label(fmt::format("{}", rank), x, 0.6, "center");
  }
  return script;
}

constexpr double bar_step = 0.45;  // between the bars of groups

std::string group_bars(const Friedman& ranks, double difference) {
  const auto groups = indistinguishable_groups(ranks.mean_ranks, difference);
  std::string script;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const double y = -0.4 - bar_step * static_cast<double>(g);
    script += line(ranks.mean_ranks[groups[g].front()] - 0.06, y,
                   ranks.mean_ranks[groups[g].back()] + 0.06, y,
                   "linewidth 4.5 linecolor rgb \"#0072B2\"");
  }
  return script;
}

/// Draws a line for each strategy, from its rank down and then sideways to its name. The better
/// half has its names on the left, the other half on the right.
std::string leaders(const GroupAnalysis& g, double first_row) {
  const auto k = static_cast<double>(g.strategies.size());
  std::vector<double> negated;
  for (const double rank : g.ranks_area.mean_ranks) negated.push_back(-rank);
  const std::vector<std::size_t> order = best_first(negated);
  const std::size_t left = (order.size() + 1) / 2;
  std::string script;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool is_left = i < left;
    const std::size_t row = is_left ? i : order.size() - 1 - i;
    const double x = g.ranks_area.mean_ranks[order[i]];
    const double y = first_row - 0.75 * static_cast<double>(row);
    const double end = is_left ? 0.7 : k + 0.3;
    script += line(x, 0, x, y, "linewidth 1 linecolor rgb \"#555555\"") +
              line(x, y, end, y, "linewidth 1 linecolor rgb \"#555555\"");
    const std::string name = shown_name(g.strategies[order[i]]);
    script += is_left ? label(fmt::format("{}  {:.2f}", name, x), end - 0.1, y, "right")
                      : label(fmt::format("{:.2f}  {}", x, name), end + 0.1, y, "left");
  }
  return script;
}

std::string p_words(double p) {
  if (std::isnan(p)) return ": no p, for differences do not vary";
  return p < 1e-4 ? " p < 0.0001" : fmt::format(" p = {:.4f}", p);
}

Figure critical_difference_figure(const Analysis& analysis, const GroupAnalysis& g) {
  const std::size_t k = g.strategies.size();
  const auto groups = indistinguishable_groups(g.ranks_area.mean_ranks, g.critical_difference);
  const double first_row = -0.7 - bar_step * static_cast<double>(groups.size());
  const double bottom = first_row - 0.75 * static_cast<double>((k + 1) / 2);
  const double top = 2.6, width = static_cast<double>(k) - 1;
  // Names take a fixed share of the picture, so the ruler keeps its place whatever k is.
  const double margin = 0.75 * width;
  Figure figure;
  figure.name = figure_name(analysis, "critical_difference", g.dataset);
  figure.width = 960;
  figure.height = static_cast<int>(95 + 30 * (top - bottom));
  figure.script =
      fmt::format("set title {}\n",
                  quoted(fmt::format(
                      "{}: mean ranks by area under the {} curve, {} blocks of initial "
                      "set and seed\nFriedman, Iman-Davenport{}",
                      g.dataset, analysis.metric, g.ranks_area.blocks, p_words(g.ranks_area.p)))) +
      "unset border\nunset tics\nunset key\n" +
      fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\n", 1 - margin,
                  static_cast<double>(k) + margin, bottom, top) +
      ruler(k) + group_bars(g.ranks_area, g.critical_difference) + leaders(g, first_row) +
      line(1, 1.6, 1 + g.critical_difference, 1.6, "linewidth 2.5") +
      label(fmt::format("critical difference {:.2f} (Nemenyi, {:g})", g.critical_difference,
                        analysis.options.alpha),
            1, 2.1, "left") +
      "plot NaN notitle";
  return figure;
}

}  // namespace

std::vector<Figure> critical_difference_figures(const Analysis& analysis) {
  std::vector<Figure> figures;
  for (const GroupAnalysis& g : analysis.groups) {
    if (!std::isnan(g.critical_difference) && g.ranks_area.blocks > 1) {
      figures.push_back(critical_difference_figure(analysis, g));
    }
  }
  return figures;
}

}  // namespace al_mpi
