#include <algorithm>

#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"
#include "tools/aggregate/study/class_shares.hpp"
#include <al_mpi/catalog/metrics.hpp>

namespace al_mpi {
namespace {

std::string mean_data(const PanelAnalysis& p, std::size_t strategy) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < p.panel.labels.size(); ++i) {
    add_point(rows, p, strategy, i, {p.strategies[strategy].rounds[i].sample.mean});
  }
  return data_block(fmt::format("mean{}", strategy), rows);
}

/// Draws the bar chart in the lower right corner of the plot, where there are no curves.
std::string inset(const ClassDistribution& classes, double scale) {
  std::string tics;
  for (std::size_t i = 0; i < classes.classes.size(); ++i) {
    tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(classes.classes[i]), i);
  }
  return fmt::format(
             "unset key\nunset grid\nunset label\nunset xlabel\nunset ylabel\nunset offsets\n"
             "set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\nset bmargin at screen "
             "0.355\nset tmargin at screen 0.50\n"
             "set title {} font \",9\" offset 0,-0.8\nset border 3\nset style fill solid 0.85 "
             "noborder\nset boxwidth 0.75\n",
             0.42 * scale, 0.67 * scale,
             quoted(classes.of_pool ? "class distribution of the pool"
                                    : "labels bought by class")) +
         fmt::format(
             "set xrange [-0.6:{}.4]\nset yrange [0:*]\nset ytics autofreq font \",8\" scale 0.4\n"
             "set xtics ({}) rotate by 45 right font \",8\" scale 0\n",
             classes.classes.size() - 1, tics) +
         "plot $classes using 1:2 with boxes linecolor rgb \"#56799c\"\n";
}

Figure reference_figure(const Study& study, const Analysis& analysis, const PanelAnalysis& p) {
  Figure figure;
  figure.name = figure_name(analysis, "reference", p.panel.dataset) + "_" + slug(p.panel.init);
  std::size_t letters = 0;  // of the longest name in the legend, which stands on the right
  for (const StrategySummary& s : p.strategies) {
    letters = std::max(letters, shown_name(s.strategy).size());
  }
  figure.width = 900 + 8 * std::max(0, static_cast<int>(letters) - 22);
  figure.height = std::max(600, 60 + 30 * static_cast<int>(p.strategies.size()));
  const double scale = 900.0 / figure.width;  // the plot keeps its size
  const ClassDistribution classes = class_distribution(study, p.panel.group);
  std::vector<std::vector<std::string>> bars;
  for (std::size_t i = 0; i < classes.counts.size(); ++i) {
    bars.push_back({fmt::format("{}", i), plotted(classes.counts[i])});
  }
  std::string lines;
  for (std::size_t s = 0; s < p.strategies.size(); ++s) {
    const Look look = look_of(p.strategies[s].strategy);
    figure.data += mean_data(p, s);
    lines += fmt::format(
        "{}$mean{} using 1:2 with linespoints linecolor rgb \"{}\" linewidth 1.6 dashtype {} "
        "pointtype {} "
        "pointsize 0.9 title {}",
        s == 0 ? "" : ", ", s, look.colour, look.dash, look.marker,
        quoted(shown_name(p.strategies[s].strategy)));
  }
  figure.data += data_block("classes", bars);
  const std::string numbers = fmt::format("mean of last iteration: {:.4f}\nsum of mean std: {:.4f}",
                                          mean_of_last(p.panel), sum_of_mean_stds(p.panel));
  figure.script =
      "set multiplot\n" + common_settings() + label_range(p.panel) +
      fmt::format(
          "set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\nset bmargin at screen "
          "0.11\nset tmargin at screen 0.92\n",
          0.09 * scale, 0.69 * scale) +
      "set offsets 0, 0, graph 0.03, graph 0.03\n" +
      fmt::format(
          "set title {}\nset xlabel {}\nset ylabel {}\n",
          quoted(fmt::format("{}, initial set: {}", p.panel.dataset, shown_name(p.panel.init))),
          quoted(axis_title(analysis.options.x)),
          quoted("mean " + metric_info(analysis.metric).title)) +
      fmt::format("set label {} at graph 0.98, graph 0.075 right\n", quoted(numbers)) +
      fmt::format(
          "set key at screen {:.4f}, screen 0.52 left center Left reverse samplen 3 "
          "spacing 1.25\nplot ",
          0.71 * scale) +
      lines + "\n";
  if (!bars.empty()) figure.script += inset(classes, scale);
  figure.script += "unset multiplot\n";
  return figure;
}

}  // namespace

std::vector<Figure> reference_figures(const Study& study, const Analysis& analysis) {
  std::vector<Figure> figures;
  for (const PanelAnalysis& p : analysis.panels)
    figures.push_back(reference_figure(study, analysis, p));
  return figures;
}

}  // namespace al_mpi
