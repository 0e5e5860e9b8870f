#include <algorithm>

#include "analysis.hpp"

#include <al_mpi/base/error.hpp>

namespace al_mpi {

std::vector<Bound> read_bounds(const std::vector<std::string>& paths, const std::string& metric) {
  std::vector<Bound> bounds;
  for (const std::string& path : paths) {
    const Study study = read_study({path}, {false, false});
    const std::vector<Panel> panels = panels_of(study, metric_of(study, metric));
    Bound bound;
    for (const Panel& panel : panels) {
      if (!panel.labels.empty()) bound.labels = std::max(bound.labels, panel.labels.back());
    }
    std::vector<double> values;
    for (const Panel& panel : panels) {
      if (panel.labels.empty() || panel.labels.back() != bound.labels) continue;
      for (const auto& strategy : panel.values) {
        values.insert(values.end(), strategy.back().begin(), strategy.back().end());
      }
    }
    bound.sample = describe(values);
    if (bound.sample.n == 0) throw DataError(path, "/rounds", "no trial has finished a round");
    bounds.push_back(bound);
  }
  return bounds;
}

}  // namespace al_mpi
