#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include "figures.hpp"
#include "looks.hpp"
#include "tools/aggregate/study/courses.hpp"

namespace al_mpi {
namespace {

constexpr double fewest = 10;  // predictions in a bin that is drawn: fewer say nothing

/// Mean confidence and accuracy of each bin that holds enough predictions.
std::vector<std::vector<std::string>> points(const std::vector<double>& bins) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t b = 0; b + 2 < bins.size(); b += 3) {
    const double n = bins[b + 2];
    if (n >= fewest) rows.push_back({plotted(bins[b] / n), plotted(bins[b + 1] / n)});
  }
  return rows;
}

/// `courses` are the strategies of one initial set.
Figure calibration_figure(const Analysis& analysis, const std::vector<Course<double>>& courses) {
  Figure figure;
  const Course<double>& first = courses.front();
  figure.name = figure_name(analysis, "calibration", first.dataset) + "_" + slug(first.init);
  std::size_t letters = 0;
  std::string plots = "x with lines linecolor rgb \"#999999\" dashtype (2,4) notitle";
  for (std::size_t i = 0; i < courses.size(); ++i) {
    const Course<double>& c = courses[i];
    const auto rows = points(c.counts.back());
    if (rows.empty()) continue;
    letters = std::max(letters, shown_name(c.strategy).size());
    const Look look = look_of(c.strategy);
    figure.data += data_block(fmt::format("calibration{}", i), rows);
    plots += fmt::format(
        ", \\\n  $calibration{} using 1:2 with linespoints linecolor rgb \"{}\" linewidth 1.6 "
        "dashtype {} pointtype {} pointsize 0.8 title {}",
        i, look.colour, look.dash, look.marker, quoted(shown_name(c.strategy)));
  }
  figure.width = 700 + 7 * static_cast<int>(letters);
  figure.height = std::max(560, 60 + 20 * static_cast<int>(courses.size()));
  figure.script =
      common_settings() +
      "unset offsets\nset size ratio 1\nset grid xtics ytics\nset xrange [0:1]\nset yrange [0:1]\n"
      "set key outside right center Left reverse samplen 3 spacing 1.2\n" +
      fmt::format("set title {}\nset xlabel \"mean confidence\"\nset ylabel \"accuracy\"\n",
                  quoted(fmt::format("{}, initial set: {}, after the last round", first.dataset,
                                     shown_name(first.init)))) +
      "plot " + plots;
  if (figure.data.empty()) figure.name.clear();
  return figure;
}

}  // namespace

std::vector<Figure> calibration_figures(const Study& study, const Analysis& analysis) {
  std::vector<Figure> figures;
  std::vector<Course<double>> of_init;
  const auto all = courses_of(study, &ResultsTables::calibration, SIZE_MAX);
  for (std::size_t i = 0; i < all.size(); ++i) {
    of_init.push_back(all[i]);
    const bool last = i + 1 == all.size() || all[i + 1].dataset != all[i].dataset ||
                      all[i + 1].init != all[i].init;
    if (!last) continue;
    figures.push_back(calibration_figure(analysis, of_init));
    if (figures.back().name.empty()) figures.pop_back();
    of_init.clear();
  }
  return figures;
}

}  // namespace al_mpi
