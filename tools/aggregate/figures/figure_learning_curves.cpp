#include <algorithm>

#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"
#include <al_mpi/catalog/metrics.hpp>

namespace al_mpi {
namespace {

std::string curve_data(const PanelAnalysis& p, std::size_t strategy) {
  std::vector<std::vector<std::string>> rows;
  const StrategySummary& s = p.strategies[strategy];
  for (std::size_t i = 0; i < s.rounds.size(); ++i) {
    const Spread& round = s.rounds[i];
    add_point(rows, p, strategy, i, {round.sample.mean, round.interval.low, round.interval.high});
  }
  return data_block(fmt::format("curve{}", strategy), rows);
}

/// With more strategies than this, bands would hide the lines, and a legend beside the plot would
/// leave it too little room.
constexpr std::size_t most_with_bands = 12;

bool many(const PanelAnalysis& p) {
  return p.strategies.size() > most_with_bands;
}

std::string legend_title(const Analysis& analysis, const PanelAnalysis& p) {
  const std::size_t n = p.panel.seeds.size();
  const bool gaps = std::any_of(p.strategies.begin(), p.strategies.end(),
                                [](const StrategySummary& s) { return s.trials.gappy > 0; });
  std::string title = n == 1 ? "1 seed" : fmt::format("mean of {} seeds", n);
  if (gaps)
    title += many(p) ? ", fewer where values are missing" : "\nfewer where values are missing";
  if (n == 1 || many(p)) return title;
  return fmt::format("{}\nband: {:g} % bootstrap interval\n ", title,
                     100 * (1 - analysis.options.alpha));
}

/// The settings of the legend, which stands beside a few curves and in columns below many. Enlarges
/// the figure where the legend needs it.
std::string legend(const Analysis& analysis, const PanelAnalysis& p, Figure& figure) {
  std::size_t letters = 0;
  for (const StrategySummary& s : p.strategies) {
    letters = std::max(letters, shown_name(s.strategy).size());
  }
  const std::string title = quoted(legend_title(analysis, p));
  if (!many(p)) {
    figure.width += 7 * std::max(0, static_cast<int>(letters) - 24);
    return "set key outside right center Left reverse samplen 3 spacing 1.25 title " + title +
           " left\n";
  }
  figure.width = 1000;
  const std::size_t columns = std::max<std::size_t>(1, 920 / (60 + 8 * letters));
  const std::size_t rows =
      2 + (p.strategies.size() + analysis.bounds.size() + columns - 1) / columns;
  const int room = 66 + 19 * static_cast<int>(rows);
  figure.height = 520 + room;
  return fmt::format(
      "set bmargin at screen {:.4f}\nset key at screen 0.53, screen {:.4f} center top horizontal "
      "maxcols {} Left reverse samplen 3 spacing 1.1 title {}\n",
      static_cast<double>(room) / figure.height, (room - 60.0) / figure.height, columns, title);
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
  const std::vector<std::size_t> order =
      best_first(finals);  // the legend has the order in which the curves end
  std::string bands, lines;
  for (const std::size_t i : order) {
    const StrategySummary& s = p.strategies[i];
    const Look look = look_of(s.strategy);
    figure.data += curve_data(p, i);
    if (!many(p)) {
      bands +=
          fmt::format("$curve{} using 1:3:4 with filledcurves linecolor rgb \"{}\" notitle, \\\n  ",
                      i, look.colour);
    }
    lines += fmt::format(
        "$curve{} using 1:2 with linespoints linecolor rgb \"{}\" linewidth 1.6 dashtype {} "
        "pointtype {} "
        "pointsize {} title {}, \\\n  ",
        i, look.colour, look.dash, look.marker, many(p) ? 0.6 : 0.8,
        quoted(shown_name(s.strategy)));
  }
  for (const Bound& bound : analysis.bounds) {
    lines += fmt::format(
        "{} with lines linecolor rgb \"#777777\" linewidth 1.2 dashtype (2,4) title {}, \\\n  ",
        plotted(bound.sample.mean),
        quoted(fmt::format("{:.0f} labels at once: {:.3f}", bound.labels, bound.sample.mean)));
  }
  // The more bands there are, the fainter is each, so that overlapping ones stay readable.
  const double opacity = std::clamp(0.6 / static_cast<double>(p.strategies.size()), 0.05, 0.2);
  figure.script =
      common_settings() + label_range(p.panel) +
      fmt::format("set style fill transparent solid {:.3f} noborder\n", opacity) +
      fmt::format(
          "set title {} offset 0,-0.3\n",
          quoted(fmt::format("{}, initial set: {}", p.panel.dataset, shown_name(p.panel.init)))) +
      fmt::format("set xlabel {}\nset ylabel {}\n", quoted(axis_title(analysis.options.x)),
                  quoted(metric_info(analysis.metric).title)) +
      legend(analysis, p, figure) + "plot " + bands + lines.substr(0, lines.rfind(", \\"));
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
