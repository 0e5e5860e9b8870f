#pragma once

#include <string>
#include <vector>

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// One picture, as gnuplot's commands without the terminal and the output file.
struct Figure {
  std::string name;  ///< of its files
  int width = 760;   ///< pixels at 96 a inch (PNG: twice as many dots)
  int height = 480;
  std::string data;    ///< named data blocks
  std::string script;  ///< settings and the plot command
};

/// Text as a string in gnuplot's language; none of its letters has a special meaning there.
std::string quoted(const std::string& text);

/// A number as gnuplot reads it; NaN is missing.
std::string plotted(double value);

/// "name << EOD" and rows, each a list of words.
std::string data_block(const std::string& name, const std::vector<std::vector<std::string>>& rows);

/// Text as part of a file name: letters, digits, '-' and '_' stay, others become '_'.
std::string slug(const std::string& text);

AL_ENUM(FigureFormat, svg, png, pdf)

/// Draws every figure in every format into `folder`/NAME.FORMAT, by one gnuplot process fed with
/// one script file. Throws Error where gnuplot is missing or complains.
void draw(const std::vector<Figure>& figures, const std::vector<FigureFormat>& formats,
          const std::string& folder);

}  // namespace al_mpi
