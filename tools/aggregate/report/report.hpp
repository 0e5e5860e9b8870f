#pragma once

#include <string>
#include <vector>

#include "tools/aggregate/study/analysis.hpp"
#include "tools/aggregate/tables/table.hpp"

namespace al_mpi {

/// report.html: one file without any reference to another or to a network. Curves of every metric,
/// sortable tables, pictures (`figure_files`: SVG files, embedded), the farm's timeline,
/// provenance.
std::string report_html(const Study& study, const Analysis& analysis,
                        const std::vector<Table>& tables,
                        const std::vector<std::string>& figure_files);

}  // namespace al_mpi
