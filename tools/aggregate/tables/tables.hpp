#pragma once

#include <vector>

#include "paper_options.hpp"
#include "table.hpp"
#include "tools/aggregate/study/analysis.hpp"

namespace al_mpi {

Table summary_table(const Analysis& analysis);      ///< a row a strategy: the main table
Table phases_table(const Analysis& analysis);       ///< ramp-up, plateau, label efficiency, drops
Table rounds_table(const Analysis& analysis);       ///< every budget; long form
Table comparisons_table(const Analysis& analysis);  ///< tests against the baseline
Table equivalence_table(const Analysis& analysis);  ///< better or worse by a margin?
Table stability_table(const Analysis& analysis);    ///< ranks without some of the seeds
/// A budget of a panel: whole labels, or a cost with as many decimals as its size asks for.
TableCell budget_cell(const Analysis& analysis, const Panel& panel, double budget);
Table savings_table(const Analysis& analysis);  ///< labels that reach a value, and data saved
Table ranks_table(const Analysis& analysis);    ///< Friedman, Nemenyi
Table power_table(const Analysis& analysis);    ///< seeds needed
Table trials_table(const Study& study);         ///< trials that are not done, and why
Table seconds_table(const Study& study);        ///< query and training time a strategy
/// Penalty matrices: one a data set and correction.
std::vector<Table> penalty_tables(const Analysis& analysis);

/// All of them that hold rows, in reading order.
std::vector<Table> all_tables(const Study& study, const Analysis& analysis);

/// A table a data set: strategies by mean and standard deviation at given labels and by AULC; the
/// best strategy bold, marks where a paired t-test against the baseline shows a difference (Holm
/// over the strategies of an initial set), oracles aside. Throws ConfigError where labels are no
/// budget.
std::vector<Table> paper_tables(const Analysis& analysis, const PaperOptions& options);

/// The short form of the summary for a terminal.
Table terminal_table(const Analysis& analysis);

}  // namespace al_mpi
