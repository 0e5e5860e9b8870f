#pragma once

#include <string>
#include <vector>

#include "table.hpp"
#include "tools/aggregate/study/two_sweeps.hpp"

namespace al_mpi {

Table changes_table(const TwoSweeps& sweeps);   ///< a row a strategy, initial set and measure
Table settings_table(const TwoSweeps& sweeps);  ///< what differs between the two files

/// Which strategies got better, worse, stayed equivalent: a sentence a measure.
std::vector<std::string> change_sentences(const TwoSweeps& sweeps);

}  // namespace al_mpi
