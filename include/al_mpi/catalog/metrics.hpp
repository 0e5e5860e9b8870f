#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// A number of each round: a column of /rounds in results files (src/catalog/metrics.def).
struct MetricInfo {
  std::string name;   ///< of the column; a family's ends in "*"
  std::string title;  ///< with its unit, as figures write it
  bool lower_is_better = false;
  bool wall_clock = false;  ///< a time, differs from run to run: not compared, not in /curves
};

/// All metrics, in the order of columns and tables.
const std::vector<MetricInfo>& metric_catalog();

/// Whether the name, or a family that it belongs to, is in the catalogue.
bool is_known_metric(const std::string& name);

/// The metric of this name, or that of the family that the name belongs to. A member of a family,
/// and a name that is not in the catalogue, has its own name as title; of the latter, higher is
/// better.
MetricInfo metric_info(const std::string& name);

/// Sorts names as the catalogue does; a family by name, unknown ones last and by name.
void sort_metrics(std::vector<std::string>& names);

}  // namespace al_mpi
