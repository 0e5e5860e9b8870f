#include <algorithm>

#include <fmt/format.h>
#include <tools/aggregate/figures.hpp>
#include <tools/aggregate/looks.hpp>

namespace al_mpi {
namespace {

std::string curve_data(const PanelAnalysis& p, std::size_t strategy) {
  std::vector<std::vector<std::string>> rows;
  const StrategySummary& s = p.strategies[strategy];
  for (std::size_t i = 0; i < s.rounds.size(); ++i) {
    if (s.rounds[i].sample.n == 0) continue;
    rows.push_back({plotted(p.panel.labels[i]), plotted(s.rounds[i].sample.mean),
                    plotted(s.rounds[i].interval.low), plotted(s.rounds[i].interval.high)});
  }
  return data_block(fmt::format("curve{}", strategy), rows);
}

std::string legend_title(const Analysis& analysis, const PanelAnalysis& p) {
  const std::size_t n = p.panel.seeds.size();
  if (n == 1) return "1 seed";
  return fmt::format("mean of {} seeds\nband: {:g} % bootstrap interval\n ", n,
                     100 * (1 - analysis.options.alpha));
}

Figure learning_curve_figure(const Analysis& analysis, const PanelAnalysis& p) {
  Figure figure;
  figure.name =
      figure_name(analysis, "learning_curves", p.panel.dataset) + "_" + slug(p.panel.init);
  figure.width = 820;
  std::vector<double> finals;
  for (const StrategySummary& s : p.strategies) {
    finals.push_back(analysis.lower_is_better ? -s.final.sample.mean : s.final.sample.mean);
  }
  const std::vector<std::size_t> order = best_first(finals);  // the legend reads as the curves end
  std::string bands, lines;
  for (const std::size_t i : order) {
    const StrategySummary& s = p.strategies[i];
    const Look look = look_of(s.strategy);
    figure.data += curve_data(p, i);
    bands +=
        fmt::format("$curve{} using 1:3:4 with filledcurves linecolor rgb \"{}\" notitle, \\\n  ",
                    i, look.colour);
    lines += fmt::format(
        "$curve{} using 1:2 with linespoints linecolor rgb \"{}\" linewidth 1.6 dashtype {} "
        "pointtype {} "
        "pointsize 0.8 title {}, \\\n  ",
        i, look.colour, look.dash, look.marker, quoted(shown_name(s.strategy)));
  }
  for (const Bound& bound : analysis.bounds) {
    lines += fmt::format(
        "{} with lines linecolor rgb \"#777777\" linewidth 1.2 dashtype (2,4) title {}, \\\n  ",
        plotted(bound.sample.mean),
        quoted(fmt::format("{:.0f} labels at once: {:.3f}", bound.labels, bound.sample.mean)));
  }
  // Many bands overlap: each is fainter, so that together they stay readable.
  const double opacity = std::clamp(0.6 / static_cast<double>(p.strategies.size()), 0.05, 0.2);
  figure.script =
      common_settings() + label_range(p.panel) +
      fmt::format("set style fill transparent solid {:.3f} noborder\n", opacity) +
      fmt::format(
          "set title {} offset 0,-0.3\n",
          quoted(fmt::format("{}, initial set: {}", p.panel.dataset, shown_name(p.panel.init)))) +
      fmt::format("set xlabel \"labelled samples\"\nset ylabel {}\n", quoted(analysis.metric)) +
      fmt::format(
          "set key outside right center Left reverse samplen 3 spacing 1.25 title {} left\n",
          quoted(legend_title(analysis, p))) +
      "plot " + bands + lines.substr(0, lines.rfind(", \\"));
  return figure;
}

}  // namespace

std::vector<Figure> learning_curve_figures(const Analysis& analysis) {
  std::vector<Figure> figures;
  for (const PanelAnalysis& p : analysis.panels)
    figures.push_back(learning_curve_figure(analysis, p));
  return figures;
}

}  // namespace al_mpi
