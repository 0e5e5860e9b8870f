#include <cmath>

#include <fmt/format.h>
#include <tools/aggregate/class_shares.hpp>
#include <tools/aggregate/figures.hpp>
#include <tools/aggregate/looks.hpp>

namespace al_mpi {
namespace {

/// Cumulated shares: round, then one column a class.
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

/// Places of small pictures on the page, in screen coordinates.
struct Grid {
  std::size_t columns, rows;
  double left = 0.06, right = 0.8, bottom = 0.08, top = 0.94;

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

std::string key_script(const ClassShares& g) {
  std::string entries;
  for (std::size_t c = g.classes.size(); c-- > 0;) {  // as the boxes stand on each other
    entries += fmt::format(
        ", keyentry with boxes fillstyle solid 0.9 noborder linecolor rgb \"{}\" title {}",
        class_colour(c), quoted(g.classes[c]));
  }
  return "unset title\nunset border\nunset tics\nunset xlabel\nunset ylabel\n"
         "set lmargin at screen 0.8\nset rmargin at screen 0.99\nset bmargin at screen 0.1\nset "
         "tmargin at screen 0.9\n"
         "set key at screen 0.99, screen 0.5 right center Left reverse samplen 1.2 spacing "
         "1.2\nplot [0:1] [0:1] NaN notitle" +
         entries + "\n";
}

Figure class_share_figure(const Analysis& analysis, const ClassShares& g) {
  const std::size_t n = g.strategies.size();
  const std::size_t columns = n <= 3 ? n : n <= 4 ? 2 : n <= 9 ? 3 : 4;
  const Grid grid{columns, (n + columns - 1) / columns};
  Figure figure;
  figure.name = figure_name(analysis, "class_shares", g.dataset);
  figure.width = 240 + 210 * static_cast<int>(columns);
  figure.height = 100 + 190 * static_cast<int>(grid.rows);
  figure.script =
      fmt::format(
          "set multiplot\nset label 1 {} at screen 0.5, screen 0.965 center\n",
          quoted(g.dataset +
                 ": classes of the picks of every round (round 0: the initial set), percent")) +
      common_settings() +
      "unset grid\nunset key\nset style fill solid 0.9 noborder\nset boxwidth 0.86\nset yrange "
      "[0:100]\n"
      "unset offsets\nset ytics 0,50,100\nset xtics font \",9\" offset 0,0.3\nset xlabel \"round\" "
      "offset 0,0.6\n";
  for (std::size_t s = 0; s < n; ++s) {
    figure.data += shares_data(g, s);
    figure.script += grid.cell(s) + fmt::format("set title {} offset 0,-0.6 font \",10\"\n",
                                                quoted(g.strategies[s]));
    figure.script += s + columns < n ? "unset xlabel\n" : "set xlabel \"round\" offset 0,0.6\n";
    figure.script += s % columns == 0 ? "set format y \"%g\"\n" : "set format y \"\"\n";
    figure.script += fmt::format("set xrange [-0.6:{}.6]\nplot ",
                                 std::max<std::size_t>(1, g.shares[s].size()) - 1);
    for (std::size_t c = g.classes.size();
         c-- > 0;) {  // the highest first, the lower ones cover it
      figure.script += fmt::format("$shares{} using 1:{} with boxes linecolor rgb \"{}\" notitle{}",
                                   s, c + 2, class_colour(c), c == 0 ? "\nunset label 1\n" : ", ");
    }
  }
  figure.script += key_script(g) + "unset multiplot\n";
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
