#include "writer.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "curves.hpp"
#include "schema.hpp"
#include "sorted_rounds.hpp"
#include "table_records.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/catalog/metrics.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t cells_a_chunk = 1 << 17;  // 1 MiB of int64

/// get(row) of each row.
template <class Row, class Get>
auto column(const std::vector<Row>& rows, const Get& get) {
  std::vector<std::decay_t<decltype(get(rows.front()))>> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(get(row));
  return values;
}

/// Ids of the log's metrics in the order of their columns.
std::vector<std::size_t> ordered_metrics(const RoundLog& log) {
  const std::vector<std::string>& by_id = log.metric_names();
  std::vector<std::string> names = by_id;
  sort_metrics(names);
  std::vector<std::size_t> ids;
  for (const std::string& name : names) {
    const auto found = std::find(by_id.begin(), by_id.end(), name);
    ids.push_back(static_cast<std::size_t>(found - by_id.begin()));
  }
  return ids;
}

/// A column of /rounds with a text of the trial, text(trial).
template <class Text>
ColumnSource text_of_trial(const std::string& name, const SortedRounds& rounds, const Text& text) {
  const auto get = [&rounds, text](std::size_t i) -> const std::string& {
    return text(static_cast<std::size_t>(rounds.log().trial(rounds.rows()[i])));
  };
  std::size_t length = 1;
  for (std::size_t i = 0; i < rounds.size(); ++i) length = std::max(length, get(i).size());
  return {name, each_text(length, get), length};
}

void write_rounds(Hdf5File& file, const std::vector<TrialRecord>& trials,
                  const SortedRounds& rounds) {
  using Row = std::int64_t;
  using Text = const std::string&;
  const RoundLog& log = rounds.log();
  const std::vector<std::string> settings =
      column(trials, [](const TrialRecord& trial) { return trial.spec.own_settings(); });
  const auto hash = [&](std::size_t i) {
    const std::uint64_t value = log.weights_hash(rounds.rows()[i]);
    return value == 0 ? std::string() : to_hex(value);
  };
  const bool hashed = std::any_of(rounds.rows().begin(), rounds.rows().end(),
                                  [&](Row row) { return log.weights_hash(row) != 0; });
  const std::size_t hash_length = hashed ? to_hex(0).size() : 1;

  std::vector<ColumnSource> columns;
  const auto add = [&](ColumnSource source) { columns.push_back(std::move(source)); };
  add({"trial", rounds.rounds<std::int32_t>([&](Row row) { return log.trial(row); })});
  add(text_of_trial("strategy", rounds,
                    [&](std::size_t trial) -> Text { return trials[trial].spec.strategy; }));
  add(text_of_trial("init", rounds,
                    [&](std::size_t trial) -> Text { return trials[trial].spec.init; }));
  add({"seed", rounds.rounds<std::int64_t>([&](Row row) {
         return trials[static_cast<std::size_t>(log.trial(row))].spec.seed;
       })});
  add({"round", rounds.rounds<std::int32_t>([&](Row row) { return log.round(row); })});
  add({"n_labeled", rounds.rounds<std::int64_t>([&](Row row) { return log.n_labeled(row); })});
  for (const std::size_t id : ordered_metrics(log)) {
    add({log.metric_names()[id],
         rounds.rounds<double>([&log, id](Row row) { return log.metric(row, id); })});
  }
  add({"weights_hash", each_text(hash_length, hash), hash_length});
  add(text_of_trial("settings", rounds,
                    [&](std::size_t trial) -> Text { return settings[trial]; }));
  file.write_table("/rounds", rounds.size(), columns);
}

void write_picks(Hdf5File& file, const SortedRounds& rounds) {
  using Pick = const SortedRounds::Pick&;
  const auto number = [&](const auto& get) { return rounds.picks<std::int32_t>(get); };
  const auto whole = [&](const auto& get) { return rounds.picks<std::int64_t>(get); };
  const auto real = [&](const auto& get) { return rounds.picks<double>(get); };
  file.write_table("/picks", rounds.log().n_picks(),
                   {{"trial", number([](Pick pick) { return pick.trial; })},
                    {"round", number([](Pick pick) { return pick.round; })},
                    {"order", number([](Pick pick) { return pick.order; })},
                    {"index", whole([](Pick pick) { return pick.record.index; })},
                    {"label", whole([](Pick pick) { return pick.record.label; })},
                    {"score", real([](Pick pick) { return pick.record.score; })}});
}

void write_trials(Hdf5File& file, const std::vector<TrialRecord>& trials) {
  using Record = const TrialRecord&;
  file.write_table("/trials",
                   {{"trial", column(trials, [](Record r) { return std::int32_t{r.spec.trial}; })},
                    {"key", column(trials, [](Record r) { return r.spec.key(); })},
                    {"strategy", column(trials, [](Record r) { return r.spec.strategy; })},
                    {"init", column(trials, [](Record r) { return r.spec.init; })},
                    {"seed", column(trials, [](Record r) { return r.spec.seed; })},
                    {"settings", column(trials, [](Record r) { return r.spec.own_settings(); })},
                    {"state", column(trials, [](Record r) { return name_of(r.state); })},
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

/// A dataset [rounds, ...] of `rows`, in chunks of about a MiB.
template <class T>
void write_by_round(Hdf5File& file, const std::string& name, Shape shape,
                    const RowSource<T>& rows) {
  const std::int64_t n = shape[0];
  Shape chunk = shape;
  chunk[0] = 1;
  chunk[0] = std::clamp<std::int64_t>(cells_a_chunk / n_elements(chunk), 1, n);
  file.write_rows(name, rows, shape, {chunk, 1});
}

void write_confusion(Hdf5File& file, std::size_t n_classes, const SortedRounds& rounds) {
  if (rounds.log().n_cells() == 0 || n_classes == 0) return;
  check(rounds.log().n_cells() == n_classes * n_classes,
        "confusion matrices of {} cells for {} classes", rounds.log().n_cells(), n_classes);
  const auto k = static_cast<std::int64_t>(n_classes);
  write_by_round(file, "/confusion", {static_cast<std::int64_t>(rounds.size()), k, k},
                 rounds.confusion());
}

void write_calibration(Hdf5File& file, const SortedRounds& rounds) {
  if (rounds.log().n_calibration() == 0) return;
  const auto n_bins = static_cast<std::int64_t>(rounds.log().n_calibration() / 3);
  write_by_round(file, "/calibration", {static_cast<std::int64_t>(rounds.size()), n_bins, 3},
                 rounds.calibration());
}

void write_pictures(Hdf5File& file, const std::map<std::string, std::string>& pictures) {
  for (const auto& [name, png] : pictures) {
    file.write("/pictures/" + name, reinterpret_cast<const std::uint8_t*>(png.data()),
               {static_cast<std::int64_t>(png.size())});
  }
}

void write_map(Hdf5File& file, const ResultsTables::Map& map) {
  if (map.index.empty()) return;
  file.write_table("/map",
                   {{"index", map.index}, {"label", map.label}, {"x", map.x}, {"y", map.y}});
  file.set_attribute("/map", "embeddings", map.embeddings);
  file.set_attribute("/map", "share_x", map.shares[0]);
  file.set_attribute("/map", "share_y", map.shares[1]);
  file.set_attribute("/map", "n_even", map.n_even);
}

/// /labeled_classes [rounds, K]: what was labelled up to each round, by class, as the oracle
/// answered.
void write_labeled_classes(Hdf5File& file, std::size_t n_classes, const SortedRounds& rounds) {
  const auto k = static_cast<std::int64_t>(n_classes);
  const auto known = [&](std::int64_t row) {
    const auto picks = rounds.log().picks(row);
    return std::all_of(picks.begin(), picks.end(),
                       [&](const PickRecord& pick) { return pick.label >= 0 && pick.label < k; });
  };
  const bool all_known = std::all_of(rounds.rows().begin(), rounds.rows().end(), known);
  if (!all_known || rounds.log().n_picks() == 0) return;  // segmentation, imported logs
  write_by_round(file, "/labeled_classes", {static_cast<std::int64_t>(rounds.size()), k},
                 rounds.labeled_classes(n_classes));
}

}  // namespace

void write_results(const std::string& path, const ResultsTables& tables, const RoundLog& log) {
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
  const SortedRounds rounds(log);
  const std::size_t n_classes = tables.class_names.size();
  write_rounds(file, tables.trials, rounds);
  write_trials(file, tables.trials);
  write_picks(file, rounds);
  write_confusion(file, n_classes, rounds);
  write_calibration(file, rounds);
  write_labeled_classes(file, n_classes, rounds);
  write_attempts(file, tables.attempts);
  write_pictures(file, tables.pictures);
  write_map(file, tables.map);
  write_curves(file, tables.trials, rounds);
  write_file_atomically(path, file.image());
}

void write_results(const std::string& path, const ResultsTables& tables) {
  RoundLog log;
  for_each_round(tables, [&](const RoundRecord& round) { log.add(round.trial, round); });
  write_results(path, tables, log);
}

}  // namespace al_mpi
