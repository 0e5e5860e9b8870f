#include "figures.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace al_mpi {

std::vector<Figure> all_figures(const Study& study, const Analysis& analysis, FigureStyle style) {
  std::vector<Figure> figures = style == FigureStyle::reference ? reference_figures(study, analysis)
                                                                : learning_curve_figures(analysis);
  for (const std::vector<Figure>& more :
       {penalty_figures(analysis), critical_difference_figures(analysis),
        final_value_figures(analysis), class_share_figures(study, analysis),
        calibration_figures(study, analysis), seconds_figures(study, analysis)}) {
    figures.insert(figures.end(), more.begin(), more.end());
  }
  return figures;
}

std::string figure_name(const Analysis& analysis, const std::string& stem,
                        const std::string& dataset) {
  return analysis.groups.size() > 1 ? stem + "_" + slug(dataset) : stem;
}

std::string common_settings() {
  return "set border 3 linecolor \"#444444\" linewidth 0.8\n"
         "set tics nomirror out scale 0.6 textcolor \"#222222\"\n"
         "set grid ytics linetype 1 linecolor \"#e4e4e4\" linewidth 0.7\n"
         "set autoscale yfix\nset offsets 0, 0, graph 0.04, graph 0.04\n";
}

std::string label_range(const Panel& panel) {
  const double first = panel.labels.front(), last = panel.labels.back();
  const double air = first == last ? 1.0 : 0.03 * (last - first);
  return fmt::format("set xrange [{}:{}]\n", first - air, last + air);
}

std::string key_below(int height) {
  return fmt::format(
      "set bmargin 6.5\nset key at screen 0.6, screen {:.4f} center horizontal samplen 2 width 3\n",
      22.0 / height);
}

void add_point(std::vector<std::vector<std::string>>& rows, const PanelAnalysis& p,
               std::size_t strategy, std::size_t budget, const std::vector<double>& values) {
  if (!has_rounds(p.panel, strategy, budget)) return;
  rows.emplace_back();
  if (p.strategies[strategy].rounds[budget].sample.n == 0) return;
  rows.back().push_back(plotted(p.panel.labels[budget]));
  for (const double value : values) rows.back().push_back(plotted(value));
}

std::vector<std::size_t> best_first(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    return std::isnan(values[i]) ? -std::numeric_limits<double>::infinity() : values[i];
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) > key(b); });
  return order;
}

}  // namespace al_mpi
