#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"
#include "tools/aggregate/study/class_shares.hpp"
#include <al_mpi/catalog/class_colour.hpp>

namespace al_mpi {
namespace {

/// A data block of cumulated shares: the round, then one column a class.
std::string shares_data(const ClassShares& g, std::size_t strategy) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t round = 0; round < g.shares[strategy].size(); ++round) {
    const std::vector<double>& shares = g.shares[strategy][round];
    if (shares.empty()) continue;
    rows.push_back({fmt::format("{}", round)});
    double sum = 0.0;
    for (const double share : shares) rows.back().push_back(plotted(100.0 * (sum += share)));
  }
  return data_block(fmt::format("shares{}", strategy), rows);
}

/// Where the small pictures stand on the page, in gnuplot's screen coordinates.
struct Grid {
  std::size_t columns, rows;
  double left, right;
  double bottom = 0.08, top = 0.94;

  std::string cell(std::size_t i) const {
    const double width = (right - left) / static_cast<double>(columns);
    const double height = (top - bottom) / static_cast<double>(rows);
    const double x = left + width * static_cast<double>(i % columns);
    const double y = top - height * static_cast<double>(i / columns + 1);
    return fmt::format(
        "set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\nset bmargin at screen {:.4f}\n"
        "set tmargin at screen {:.4f}\n",
        x, x + 0.9 * width, y + 0.13 * height, y + 0.8 * height);
  }
};

std::string key_script(const ClassShares& g, double left) {
  std::string entries;
  for (std::size_t c = g.classes.size(); c-- > 0;) {  // in the order in which the boxes are stacked
    entries += fmt::format(
        ", keyentry with boxes fillstyle solid 0.9 noborder linecolor rgb \"#{:06X}\" title {}",
        class_colour(c), quoted(g.classes[c]));
  }
  return fmt::format(
      "unset title\nunset border\nunset tics\nunset xlabel\nunset ylabel\n"
      "set lmargin at screen {0:.4f}\nset rmargin at screen 0.99\n"
      "set bmargin at screen 0.1\nset tmargin at screen 0.9\n"
      "set key at screen {0:.4f}, screen 0.5 left center Left reverse samplen 1.2 spacing 1.2\n"
      "plot [0:1] [0:1] NaN notitle{1}\n",
      left, entries);
}

/// The small picture of one strategy.
std::string cell_script(const ClassShares& g, std::size_t strategy) {
  if (g.shares[strategy].empty()) {
    return "set label 2 \"no picks\" at graph 0.5, graph 0.5 center\nplot NaN notitle\nunset label "
           "2\n";
  }
  std::string plots;
  for (std::size_t c = g.classes.size();
       c-- > 0;) {  // the highest box first; lower ones are drawn over it
    plots += fmt::format("{}$shares{} using 1:{} with boxes linecolor rgb \"#{:06X}\" notitle",
                         plots.empty() ? "plot " : ", ", strategy, c + 2, class_colour(c));
  }
  return plots + "\n";
}

std::string shared_settings(const ClassShares& g) {
  std::size_t rounds = 1;
  for (const auto& shares : g.shares) rounds = std::max(rounds, shares.size());
  return common_settings() +
         fmt::format(
             "unset grid\nunset key\nset style fill solid 0.9 noborder\nset boxwidth 0.86\n"
             "unset offsets\nset yrange [0:100]\nset ytics 0,50,100\nset xrange [-0.6:{}.6]\n"
             "set xtics 0,{} font \",9\" offset 0,0.3\n",
             rounds - 1, 1 + (rounds - 1) / 7);
}

Figure class_share_figure(const Analysis& analysis, const ClassShares& g) {
  const std::size_t n = g.strategies.size();
  const std::size_t columns = n <= 3 ? n : n <= 4 ? 2 : n <= 9 ? 3 : 4;
  Figure figure;
  figure.name = figure_name(analysis, "class_shares", g.dataset);
  figure.width = std::max(640, 260 + 210 * static_cast<int>(columns));
  const double legend = 1.0 - 220.0 / figure.width;  // names of classes always need the same room
  const Grid grid{columns, (n + columns - 1) / columns, 54.0 / figure.width, legend};
  figure.height = 100 + 190 * static_cast<int>(grid.rows);
  figure.script =
      fmt::format("set multiplot\nset label 1 {} at screen 0.5, screen 0.965 center\n",
                  quoted(g.dataset + ": classes of the picks of every round (round 0: the "
                                     "initial set), percent")) +
      shared_settings(g);
  for (std::size_t s = 0; s < n; ++s) {
    figure.data += shares_data(g, s);
    figure.script += grid.cell(s) +
                     fmt::format("set title {} offset 0,-0.6 font \",10\"\n",
                                 quoted(shown_name(g.strategies[s]))) +
                     (s + columns < n ? "unset xlabel\n" : "set xlabel \"round\" offset 0,0.6\n") +
                     (s % columns == 0 ? "set format y \"%g\"\n" : "set format y \"\"\n") +
                     cell_script(g, s) + "unset label 1\n";
  }
  figure.script += key_script(g, legend) + "unset multiplot\n";
  return figure;
}

}  // namespace

std::vector<Figure> class_share_figures(const Study& study, const Analysis& analysis) {
  std::vector<Figure> figures;
  for (const ClassShares& g : class_shares(study))
    figures.push_back(class_share_figure(analysis, g));
  return figures;
}

}  // namespace al_mpi
