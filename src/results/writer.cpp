#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schema.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/results/reader.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t cells_a_chunk = 1 << 17;  // 1 MiB of int64

/// column(tables.trials, f): f of each.
template <class Row, class Get>
auto column(const std::vector<Row>& rows, const Get& get) {
  std::vector<std::decay_t<decltype(get(rows.front()))>> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(get(row));
  return values;
}

/// "loop.n_init=10;", empty without settings of its own.
std::string settings_text(const TrialSpec& spec) {
  std::string text;
  for (const auto& [key, value] : spec.settings) text += fmt::format("{}={};", key, value);
  return text;
}

std::vector<std::string> ordered_metrics(const ResultsTables::Rounds& rounds) {
  std::vector<std::string> names;
  for (const char* name : schema::metric_order) {
    if (rounds.metrics.count(name) != 0) names.emplace_back(name);
  }
  for (const auto& [name, values] : rounds.metrics) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void write_rounds(Hdf5File& file, const ResultsTables& tables) {
  const auto& rounds = tables.rounds;
  const auto of_trial = [&](const auto& get) {
    return column(rounds.trial, [&](std::int32_t trial) {
      return get(tables.trials[static_cast<std::size_t>(trial)].spec);
    });
  };
  Table table = {{"trial", rounds.trial},
                 {"strategy", of_trial([](const TrialSpec& spec) { return spec.strategy; })},
                 {"init", of_trial([](const TrialSpec& spec) { return spec.init; })},
                 {"seed", of_trial([](const TrialSpec& spec) { return spec.seed; })},
                 {"round", rounds.round},
                 {"n_labeled", rounds.n_labeled}};
  for (const auto& name : ordered_metrics(rounds)) table.push_back({name, rounds.metrics.at(name)});
  std::vector<std::string> hashes(rounds.trial.size());
  for (std::size_t i = 0; i < rounds.weights_hash.size(); ++i) {
    if (rounds.weights_hash[i] != 0) hashes[i] = to_hex(rounds.weights_hash[i]);
  }
  table.push_back({"weights_hash", std::move(hashes)});
  table.push_back({"settings", of_trial(settings_text)});
  file.write_table("/rounds", table);
}

void write_picks(Hdf5File& file, ResultsTables::Picks picks) {
  Table table;
  table.push_back({"trial", std::move(picks.trial)});
  table.push_back({"round", std::move(picks.round)});
  table.push_back({"order", std::move(picks.order)});
  table.push_back({"index", std::move(picks.index)});
  table.push_back({"label", std::move(picks.label)});
  table.push_back({"score", std::move(picks.score)});
  file.write_table("/picks", table);
}

void write_trials(Hdf5File& file, const std::vector<TrialRecord>& trials) {
  using Record = const TrialRecord&;
  file.write_table("/trials",
                   {{"trial", column(trials, [](Record r) { return std::int32_t{r.spec.trial}; })},
                    {"key", column(trials, [](Record r) { return r.spec.key(); })},
                    {"strategy", column(trials, [](Record r) { return r.spec.strategy; })},
                    {"init", column(trials, [](Record r) { return r.spec.init; })},
                    {"seed", column(trials, [](Record r) { return r.spec.seed; })},
                    {"settings", column(trials, [](Record r) { return settings_text(r.spec); })},
                    {"state", column(trials, [](Record r) { return to_string(r.state); })},
                    {"attempts", column(trials, [](Record r) { return std::int32_t{r.attempts}; })},
                    {"rank", column(trials, [](Record r) { return std::int32_t{r.rank}; })},
                    {"host", column(trials, [](Record r) { return r.host; })},
                    {"device", column(trials, [](Record r) { return r.device; })},
                    {"threads", column(trials, [](Record r) { return std::int32_t{r.threads}; })},
                    {"started", column(trials, [](Record r) { return r.started; })},
                    {"seconds", column(trials, [](Record r) { return r.seconds; })},
                    {"error", column(trials, [](Record r) { return r.error; })}});
}

void write_attempts(Hdf5File& file, const std::vector<ResultsTables::Attempt>& attempts) {
  using Row = const ResultsTables::Attempt&;
  file.write_table("/attempts", {{"trial", column(attempts, [](Row a) { return a.trial; })},
                                 {"attempt", column(attempts, [](Row a) { return a.attempt; })},
                                 {"rank", column(attempts, [](Row a) { return a.rank; })},
                                 {"host", column(attempts, [](Row a) { return a.host; })},
                                 {"device", column(attempts, [](Row a) { return a.device; })},
                                 {"outcome", column(attempts, [](Row a) { return a.outcome; })},
                                 {"message", column(attempts, [](Row a) { return a.message; })},
                                 {"started", column(attempts, [](Row a) { return a.started; })},
                                 {"seconds", column(attempts, [](Row a) { return a.seconds; })}});
}

void write_confusion(Hdf5File& file, const ResultsTables& tables) {
  const auto k = static_cast<std::int64_t>(tables.class_names.size());
  const auto n = static_cast<std::int64_t>(tables.rounds.trial.size());
  if (tables.confusion.empty() || k == 0) return;
  check(static_cast<std::int64_t>(tables.confusion.size()) == n * k * k,
        "confusion matrices of {} rounds", n);
  const std::int64_t chunk = std::clamp<std::int64_t>(cells_a_chunk / (k * k), 1, n);
  file.write("/confusion", tables.confusion, {n, k, k}, {{chunk, k, k}, 1});
}

/// /labeled_classes [rounds, K]: what was labelled up to each round, by class, as the oracle
/// answered.
void write_labeled_classes(Hdf5File& file, const ResultsTables& tables) {
  const auto& rounds = tables.rounds;
  const auto& picks = tables.picks;
  const std::size_t k = tables.class_names.size();
  const bool known = std::all_of(picks.label.begin(), picks.label.end(), [&](std::int64_t label) {
    return label >= 0 && label < static_cast<std::int64_t>(k);
  });
  if (!known || picks.label.empty()) return;  // segmentation, imported logs
  std::vector<std::int64_t> counts(rounds.trial.size() * k, 0);
  std::size_t pick = 0;
  for (std::size_t row = 0; row < rounds.trial.size(); ++row) {
    std::int64_t* count = counts.data() + row * k;
    const bool goes_on = row > 0 && rounds.trial[row] == rounds.trial[row - 1];
    if (goes_on) std::copy(count - k, count, count);
    const auto key = std::make_pair(rounds.trial[row], rounds.round[row]);
    for (; pick < picks.label.size(); ++pick) {  // both tables are sorted by trial and round
      if (std::make_pair(picks.trial[pick], picks.round[pick]) > key) break;
      ++count[picks.label[pick]];
    }
  }
  const auto n = static_cast<std::int64_t>(rounds.trial.size()),
             width = static_cast<std::int64_t>(k);
  const std::int64_t chunk = std::clamp<std::int64_t>(cells_a_chunk / width, 1, n);
  file.write("/labeled_classes", counts, {n, width}, {{chunk, width}, 1});
}

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

/// /curves/METRIC [strategy, init, seed, round], NaN where missing, with dimension scales. Times
/// are left out: two runs of a sweep have the same curves, byte for byte.
void write_curves(Hdf5File& file, const ResultsTables& tables) {
  const auto& rounds = tables.rounds;
  if (rounds.trial.empty()) return;
  const auto strategies = axis<std::string>(
      tables.trials, [](const TrialSpec& spec) { return settings_text(spec) + spec.strategy; });
  const auto inits =
      axis<std::string>(tables.trials, [](const TrialSpec& spec) { return spec.init; });
  const auto seeds =
      axis<std::int64_t>(tables.trials, [](const TrialSpec& spec) { return spec.seed; });
  std::vector<std::int64_t> round_axis(
      1 + static_cast<std::size_t>(*std::max_element(rounds.round.begin(), rounds.round.end())));
  for (std::size_t i = 0; i < round_axis.size(); ++i) round_axis[i] = static_cast<std::int64_t>(i);

  const auto size = [](const auto& values) { return static_cast<std::int64_t>(values.size()); };
  const Shape shape = {size(strategies.values), size(inits.values), size(seeds.values),
                       size(round_axis)};
  if (static_cast<double>(n_elements(shape)) > 8.0 * static_cast<double>(rounds.trial.size()) + 1e6)
    return;  // a sparse grid
  file.write_strings("/curves/strategy", strategies.values);
  file.write_strings("/curves/init", inits.values);
  file.write("/curves/seed", seeds.values, {shape[2]});
  file.write("/curves/round", round_axis, {shape[3]});
  const std::vector<std::string> names = {"strategy", "init", "seed", "round"};
  for (const auto& name : names) file.make_scale("/curves/" + name, name);

  const auto write_curve = [&](const std::string& name, const auto& value_of) {
    std::vector<double> values(static_cast<std::size_t>(n_elements(shape)),
                               std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < rounds.trial.size(); ++i) {
      const auto trial = static_cast<std::size_t>(rounds.trial[i]);
      const std::int64_t cell =
          ((strategies.of_trial[trial] * shape[1] + inits.of_trial[trial]) * shape[2] +
           seeds.of_trial[trial]) *
              shape[3] +
          rounds.round[i];
      values[static_cast<std::size_t>(cell)] = value_of(i);
    }
    const std::string path = "/curves/" + name;
    file.write(path, values, shape);
    for (int d = 0; d < 4; ++d)
      file.attach_scale(path, d, "/curves/" + names[static_cast<std::size_t>(d)]);
  };
  write_curve("n_labeled", [&](std::size_t i) { return static_cast<double>(rounds.n_labeled[i]); });
  for (const auto& [name, column_values] : rounds.metrics) {
    const auto& values = column_values;
    if (name.rfind("seconds_", 0) != 0) write_curve(name, [&](std::size_t i) { return values[i]; });
  }
}

}  // namespace

void write_results(const std::string& path, ResultsTables tables) {
  Hdf5File file = Hdf5File::create_in_memory(path);
  file.set_attribute("/", "format", schema::format);
  file.set_attribute("/", "version", schema::version);
  file.set_attribute("/", "complete", std::int64_t{tables.complete});
  file.set_attribute("/", "task", tables.task);
  file.set_attribute("/", "class_names", fmt::format("{}", fmt::join(tables.class_names, "\n")));
  for (const auto& [name, value] : tables.attributes) {
    if (name != "format" && name != "task" && name != "class_names")
      file.set_attribute("/", name, value);
  }
  write_rounds(file, tables);
  write_trials(file, tables.trials);
  write_picks(file, std::move(tables.picks));
  write_confusion(file, tables);
  write_labeled_classes(file, tables);
  write_attempts(file, tables.attempts);
  write_curves(file, tables);
  write_file_atomically(path, file.image());
}

}  // namespace al_mpi
