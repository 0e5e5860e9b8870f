#pragma once

#include <vector>

#include "gnuplot.hpp"
#include "tools/aggregate/study/analysis.hpp"

namespace al_mpi {

/// Mean lines with bootstrap bands; one figure a data set and initial set.
std::vector<Figure> learning_curve_figures(const Analysis& analysis);

/// Learning curves as the published study draws them: mean lines with markers, an inset with the
/// class distribution, and in the corner the study's two numbers (mean of the last iteration, sum
/// over rounds of the mean deviation).
std::vector<Figure> reference_figures(const Study& study, const Analysis& analysis);

/// Penalty matrices as heat maps, without and with Holm's correction; strategies by penalty, best
/// first.
std::vector<Figure> penalty_figures(const Analysis& analysis);

/// Critical-difference diagrams (Demsar 2006) of the areas: mean ranks on a line, bars join what
/// Nemenyi's test cannot tell apart.
std::vector<Figure> critical_difference_figures(const Analysis& analysis);

/// Final values with intervals: strategies down, initial sets side by side.
std::vector<Figure> final_value_figures(const Analysis& analysis);

/// What each strategy buys: shares of classes in the picks of every round, all initial sets and
/// seeds together. Needs labels of picks; nothing for segmentation and imported logs.
std::vector<Figure> class_share_figures(const Study& study, const Analysis& analysis);

/// Reliability after the last round, all seeds together: accuracy over confidence, a line a
/// strategy; one figure a data set and initial set. Nothing for files without calibration.
std::vector<Figure> calibration_figures(const Study& study, const Analysis& analysis);

/// Mean seconds a round: query, train, evaluate.
std::vector<Figure> seconds_figures(const Study& study, const Analysis& analysis);

/// The style of the learning curves: as papers usually have them, or as the published study has
/// them.
AL_ENUM(FigureStyle, paper, reference)

/// All of them.
std::vector<Figure> all_figures(const Study& study, const Analysis& analysis, FigureStyle style);

/// The name of a figure: `stem`, followed by the data set's name where there are several.
std::string figure_name(const Analysis& analysis, const std::string& stem,
                        const std::string& dataset);

/// Settings that all figures share: thin grey axes and a light grid.
std::string common_settings();

/// Axis range of a panel's labels with a little air.
std::string label_range(const Panel& panel);

/// A legend in one line below the x axis' label, in a picture of that height.
std::string key_below(int height);

/// Adds a point of a curve to the rows of a data block: the budget, then `values`. An empty row,
/// which breaks the line, is added where there are rounds but no value; no row, so that the line
/// goes on, where there are no rounds.
void add_point(std::vector<std::vector<std::string>>& rows, const PanelAnalysis& p,
               std::size_t strategy, std::size_t budget, const std::vector<double>& values);

/// Positions of `values`, highest first, NaN last.
std::vector<std::size_t> best_first(const std::vector<double>& values);

}  // namespace al_mpi
