#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"
#include "tools/aggregate/study/compare.hpp"

namespace al_mpi {
namespace {

struct InitLook {
  const char* colour;
  int marker;
};
constexpr std::array<InitLook, 6> init_looks = {{{"#000000", 7},
                                                 {"#D55E00", 5},
                                                 {"#0072B2", 9},
                                                 {"#009E73", 13},
                                                 {"#CC79A7", 11},
                                                 {"#E69F00", 15}}};

using Panels = std::vector<const PanelAnalysis*>;

/// Mean over initial sets of the final value, for the order of rows; NaN where a strategy has none.
std::vector<double> mean_finals(const Analysis& analysis, const GroupAnalysis& g,
                                const Panels& panels) {
  std::vector<double> means;
  for (const std::string& name : g.strategies) {
    std::vector<double> finals;
    for (const PanelAnalysis* p : panels) {
      const auto found = position(p->panel.strategies, name);
      finals.push_back(found ? p->strategies[*found].final.sample.mean : missing);
    }
    means.push_back((analysis.lower_is_better ? -1 : 1) * describe(finals).mean);
  }
  return means;
}

Figure final_value_figure(const Analysis& analysis, const GroupAnalysis& g, const Panels& panels) {
  Figure figure;
  const std::vector<std::size_t> order = best_first(mean_finals(analysis, g, panels));
  figure.name = figure_name(analysis, "final_values", g.dataset);
  figure.width = 760;
  figure.height = 150 + static_cast<int>(order.size()) * (18 + 9 * static_cast<int>(panels.size()));
  std::string tics, plots;
  for (std::size_t row = 0; row < order.size(); ++row) {
    tics += fmt::format("{}{} {}", row == 0 ? "" : ", ",
                        quoted(shown_name(g.strategies[order[row]])), row);
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const double shift =
        0.6 * ((static_cast<double>(i) + 0.5) / static_cast<double>(panels.size()) - 0.5);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t row = 0; row < order.size(); ++row) {
      const auto found = position(panels[i]->panel.strategies, g.strategies[order[row]]);
      if (!found) continue;
      const Spread& final = panels[i]->strategies[*found].final;
      if (final.sample.n == 0) continue;
      const bool has = !std::isnan(final.interval.low);
      rows.push_back({plotted(final.sample.mean), plotted(static_cast<double>(row) + shift),
                      plotted(has ? final.interval.low : final.sample.mean),
                      plotted(has ? final.interval.high : final.sample.mean)});
    }
    if (rows.empty()) continue;
    figure.data += data_block(fmt::format("init{}", i), rows);
    const InitLook look = init_looks[i % init_looks.size()];
    plots += fmt::format(
        "{}$init{} using 1:2:3:4 with xerrorbars linecolor rgb \"{}\" linewidth 1.5 pointtype {} "
        "pointsize 0.85 title {}",
        plots.empty() ? "" : ", ", i, look.colour, look.marker,
        quoted(shown_name(panels[i]->panel.init)));
  }
  figure.script =
      common_settings() +
      "unset offsets\nset offsets graph 0.03, graph 0.03, 0, 0\nset autoscale xfix\n"
      "set grid xtics ytics\nset errorbars 0\n" +
      fmt::format("set yrange [{}.5:-0.5]\nset ytics ({}) scale 0\n", order.size() - 1, tics) +
      fmt::format("set title {}\nset xlabel {}\n", quoted(g.dataset + ": after the last round"),
                  quoted(fmt::format("{}   (mean and {:g} % bootstrap interval)", analysis.metric,
                                     100 * (1 - analysis.options.alpha)))) +
      key_below(figure.height) + "plot " + plots;
  if (plots.empty()) figure.name.clear();  // no trial has reached the end
  return figure;
}

}  // namespace

std::vector<Figure> final_value_figures(const Analysis& analysis) {
  std::vector<Figure> figures;
  for (const GroupAnalysis& g : analysis.groups) {
    Panels panels;
    for (const PanelAnalysis& p : analysis.panels) {
      if (p.panel.dataset == g.dataset) panels.push_back(&p);
    }
    Figure figure = final_value_figure(analysis, g, panels);
    if (!figure.name.empty()) figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace al_mpi
