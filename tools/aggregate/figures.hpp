#pragma once

#include <vector>

#include <tools/aggregate/analysis.hpp>
#include <tools/aggregate/gnuplot.hpp>

namespace al_mpi {

/// Mean lines with bootstrap bands; one figure a data set and initial set.
std::vector<Figure> learning_curve_figures(const Analysis& analysis);

/// `stem`, with the data set's name where there are several.
std::string figure_name(const Analysis& analysis, const std::string& stem, const std::string& dataset);

/// Settings that all figures share: thin grey axes and a light grid.
std::string common_settings();

/// Axis range of a panel's labels with a little air.
std::string label_range(const Panel& panel);

/// Positions of `values`, highest first, NaN last.
std::vector<std::size_t> best_first(const std::vector<double>& values);

}  // namespace al_mpi
