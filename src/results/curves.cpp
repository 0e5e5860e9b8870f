#include "curves.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include <al_mpi/catalog/metrics.hpp>

namespace al_mpi {
namespace {

/// The values along one axis of the curves, and where each trial lies on it.
template <class Value>
struct Axis {
  std::vector<Value> values;
  std::vector<std::int64_t> of_trial;
};

template <class Value, class Get>
Axis<Value> axis(const std::vector<TrialRecord>& trials, const Get& get) {
  Axis<Value> result;
  std::map<Value, std::int64_t> places;
  for (const TrialRecord& record : trials) {
    const Value value = get(record.spec);
    const auto [place, is_new] = places.emplace(value, static_cast<std::int64_t>(places.size()));
    if (is_new) result.values.push_back(value);
    result.of_trial.push_back(place->second);
  }
  return result;
}

}  // namespace

void write_curves(Hdf5File& file, const std::vector<TrialRecord>& trials,
                  const SortedRounds& rounds) {
  const RoundLog& log = rounds.log();
  if (rounds.size() == 0) return;
  const auto strategies = axis<std::string>(
      trials, [](const TrialSpec& spec) { return spec.own_settings() + spec.strategy; });
  const auto inits = axis<std::string>(trials, [](const TrialSpec& spec) { return spec.init; });
  const auto seeds = axis<std::int64_t>(trials, [](const TrialSpec& spec) { return spec.seed; });
  std::int32_t last_round = 0;
  for (const std::int64_t row : rounds.rows()) last_round = std::max(last_round, log.round(row));
  std::vector<std::int64_t> round_axis(1 + static_cast<std::size_t>(last_round));
  std::iota(round_axis.begin(), round_axis.end(), 0);

  const auto size = [](const auto& values) { return static_cast<std::int64_t>(values.size()); };
  const Shape shape = {size(strategies.values), size(inits.values), size(seeds.values),
                       size(round_axis)};
  if (static_cast<double>(n_elements(shape)) > 8.0 * static_cast<double>(rounds.size()) + 1e6)
    return;  // a sparse grid
  file.write_strings("/curves/strategy", strategies.values);
  file.write_strings("/curves/init", inits.values);
  file.write("/curves/seed", seeds.values, {shape[2]});
  file.write("/curves/round", round_axis, {shape[3]});
  const std::vector<std::string> names = {"strategy", "init", "seed", "round"};
  for (const auto& name : names) file.make_scale("/curves/" + name, name);

  std::vector<std::size_t> cells;  // of the rounds
  cells.reserve(rounds.size());
  for (const std::int64_t row : rounds.rows()) {
    const std::size_t trial = static_cast<std::size_t>(log.trial(row));
    const std::int64_t curve =
        (strategies.of_trial[trial] * shape[1] + inits.of_trial[trial]) * shape[2] +
        seeds.of_trial[trial];
    cells.push_back(static_cast<std::size_t>(curve * shape[3] + log.round(row)));
  }
  std::vector<double> values(static_cast<std::size_t>(n_elements(shape)),
                             std::numeric_limits<double>::quiet_NaN());
  const auto write_curve = [&](const std::string& name, const auto& value_of) {
    for (std::size_t i = 0; i < cells.size(); ++i) values[cells[i]] = value_of(rounds.rows()[i]);
    const std::string path = "/curves/" + name;
    file.write(path, values, shape);
    for (int d = 0; d < 4; ++d)
      file.attach_scale(path, d, "/curves/" + names[static_cast<std::size_t>(d)]);
  };
  write_curve("n_labeled",
              [&](std::int64_t row) { return static_cast<double>(log.n_labeled(row)); });
  std::map<std::string, std::size_t> ids;  // in the order of their names
  for (std::size_t id = 0; id < log.metric_names().size(); ++id) ids[log.metric_names()[id]] = id;
  for (const auto& entry : ids) {
    const std::size_t id = entry.second;
    if (!metric_info(entry.first).wall_clock)
      write_curve(entry.first, [&](std::int64_t row) { return log.metric(row, id); });
  }
}

}  // namespace al_mpi
