#include <al_mpi/sweep/replicate.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>

#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

/// Trials that have ended -> their last value; NaN where they failed.
std::unordered_map<std::string, double> final_values(const ResultsTables& results) {
  const std::string metric = results.task == "segmentation" ? "mean_iou" : "accuracy";
  std::vector<double> last(results.trials.size(), missing);
  if (const auto column = results.rounds.metrics.find(metric);
      column != results.rounds.metrics.end()) {
    for (std::size_t row = 0; row < column->second.size(); ++row) {  // sorted by trial and round
      last[static_cast<std::size_t>(results.rounds.trial[row])] = column->second[row];
    }
  }
  std::unordered_map<std::string, double> values;
  for (std::size_t i = 0; i < last.size(); ++i) {
    const TrialState state = results.trials[i].state;
    if (state == TrialState::done) values.emplace(results.trials[i].spec.key(), last[i]);
    if (state == TrialState::failed || state == TrialState::quarantined) {
      values.emplace(results.trials[i].spec.key(), missing);
    }
  }
  return values;
}

/// Seeds that a cell should have, given the final values of those it has.
std::size_t seeds_wanted(const std::vector<double>& values, double target, std::size_t most) {
  const std::size_t n = values.size();
  const Sample sample = describe(values);
  const double width = half_width(sample, 0.95);
  if (width <= target) return n;
  const double ratio = std::isnan(width) ? 1.0 : width / target;
  const auto needed = static_cast<double>(sample.n) * ratio * ratio;
  const auto capped =
      static_cast<std::size_t>(std::ceil(std::min(needed, 2.0 * static_cast<double>(n))));
  return std::min(std::max(capped, n + 1), most);
}

}  // namespace

std::vector<TrialSpec> replicated_grid(const SweepConfig& config, std::vector<TrialSpec> grid,
                                       const ResultsTables& results) {
  const auto values_of = final_values(results);
  const auto most = static_cast<std::size_t>(config.sweep.max_seeds);
  const auto& seeds = config.sweep.seeds;
  const std::int64_t first_new = *std::max_element(seeds.begin(), seeds.end()) + 1;
  std::map<std::tuple<std::map<std::string, std::string>, std::string, std::string>,
           std::vector<TrialSpec>>
      cells;
  for (const TrialSpec& spec : grid) {
    cells[{spec.settings, spec.init, spec.strategy}].push_back(spec);
  }
  for (auto& [name, trials] : cells) {
    std::vector<double> values;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const auto found = values_of.find(trials[i].key());
      if (found == values_of.end()) break;  // not ended: its value may decide
      values.push_back(found->second);
      if (values.size() < trials.size() || trials.size() >= most) continue;
      const std::size_t wanted = seeds_wanted(values, config.sweep.target_ci, most);
      while (trials.size() < wanted) {
        TrialSpec added = trials.front();
        added.trial = static_cast<int>(grid.size());
        added.seed = first_new + static_cast<std::int64_t>(trials.size() - seeds.size());
        trials.push_back(added);
        grid.push_back(added);
      }
    }
  }
  return grid;
}

std::vector<TrialSpec> replicated_grid(const SweepConfig& config,
                                       const std::vector<TrialSpec>& grid) {
  const std::string& file = config.results.file;
  if (config.sweep.target_ci == 0 || !std::filesystem::exists(file)) return grid;
  return replicated_grid(config, grid, read_results(file, {false, false}));
}

std::size_t n_replications_left(const SweepConfig& config) {
  if (config.sweep.target_ci == 0) return 0;
  const ResultsTables results = read_results(config.results.file, {false, false});
  const auto ended = final_values(results);
  const auto grid = replicated_grid(config, expand(config), results);
  return static_cast<std::size_t>(
      std::count_if(grid.begin(), grid.end(),
                    [&](const TrialSpec& spec) { return ended.count(spec.key()) == 0; }));
}

}  // namespace al_mpi
