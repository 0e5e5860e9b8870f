#include <cmath>

#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"
#include "tools/aggregate/study/seconds.hpp"

namespace al_mpi {
namespace {

double known(double value) {
  return std::isnan(value) ? 0.0 : value;
}

Figure seconds_figure(const Analysis& analysis, const std::vector<SecondsSummary>& rows) {
  Figure figure;
  figure.name = figure_name(analysis, "seconds", rows.front().dataset);
  figure.height = 150 + 30 * static_cast<int>(rows.size());
  std::vector<std::vector<std::string>> bars;
  std::string tics;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double query = known(rows[i].query.mean), train = query + known(rows[i].train.mean);
    bars.push_back({fmt::format("{}", i), plotted(0.0), plotted(query), plotted(train),
                    plotted(train + known(rows[i].evaluate.mean))});
    tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(shown_name(rows[i].strategy)), i);
  }
  figure.data = data_block("seconds", bars);
  figure.script = common_settings() +
                  fmt::format("set yrange [{}.5:-0.5]\nset ytics ({}) scale 0\nset xrange [0:*]\n",
                              rows.size() - 1, tics) +
                  "unset offsets\nunset grid\nset grid xtics\nset style fill solid 0.9 noborder\n" +
                  fmt::format("set title {}\nset xlabel \"mean seconds a round\"\n",
                              quoted(rows.front().dataset + ": time by strategy")) +
                  key_below(figure.height) + "plot ";
  const char* parts[][2] = {{"query", "#D55E00"}, {"train", "#56B4E9"}, {"evaluate", "#009E73"}};
  for (int i = 0; i < 3; ++i) {  // x, y, left, right, bottom, top
    figure.script += fmt::format(
        "{}$seconds using (0):1:{}:{}:($1-0.32):($1+0.32) with boxxyerror linecolor rgb \"{}\" "
        "title \"{}\"",
        i == 0 ? "" : ", ", i + 2, i + 3, parts[i][1], parts[i][0]);
  }
  return figure;
}

}  // namespace

std::vector<Figure> seconds_figures(const Study& study, const Analysis& analysis) {
  std::vector<Figure> figures;
  std::vector<SecondsSummary> group;
  const std::vector<SecondsSummary> all = seconds_of(study);
  for (std::size_t i = 0; i < all.size(); ++i) {
    group.push_back(all[i]);
    if (i + 1 < all.size() && all[i + 1].dataset == all[i].dataset) continue;
    figures.push_back(seconds_figure(analysis, group));
    group.clear();
  }
  return figures;
}

}  // namespace al_mpi
