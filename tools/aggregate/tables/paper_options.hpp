#pragma once

#include <vector>

namespace al_mpi {

/// Settings of the tables that papers print.
struct PaperOptions {
  std::vector<double> labels;  ///< columns; empty: up to four budgets, evenly apart, and the last
  bool percent = false;        ///< values times 100
  int decimals = 3;
  bool bold = true;  ///< the best can be told by bold letters: not in plain text
};

}  // namespace al_mpi
