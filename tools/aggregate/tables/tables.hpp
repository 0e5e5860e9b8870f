#pragma once

#include <vector>

#include "table.hpp"
#include "tools/aggregate/study/analysis.hpp"

namespace al_mpi {

Table summary_table(const Analysis& analysis);      ///< a row a strategy: the main table
Table phases_table(const Analysis& analysis);       ///< ramp-up, plateau, label efficiency, drops
Table rounds_table(const Analysis& analysis);       ///< every budget; long form
Table comparisons_table(const Analysis& analysis);  ///< tests against the baseline
Table equivalence_table(const Analysis& analysis);  ///< better or worse by a margin?
Table stability_table(const Analysis& analysis);    ///< ranks without some of the seeds
Table savings_table(const Analysis& analysis);      ///< labels that reach a value, and data saved
Table ranks_table(const Analysis& analysis);        ///< Friedman, Nemenyi
Table power_table(const Analysis& analysis);        ///< seeds needed
Table trials_table(const Study& study);             ///< trials that are not done, and why
Table seconds_table(const Study& study);            ///< query and training time a strategy
/// Penalty matrices: one a data set and correction.
std::vector<Table> penalty_tables(const Analysis& analysis);

/// All of them that hold rows, in reading order.
std::vector<Table> all_tables(const Study& study, const Analysis& analysis);

/// The short form of the summary for a terminal.
Table terminal_table(const Analysis& analysis);

}  // namespace al_mpi
