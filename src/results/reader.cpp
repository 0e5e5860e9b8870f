#include <al_mpi/results/reader.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

#include "schema.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

/// A table read from a file, whose columns are taken out one by one.
class Columns {
 public:
  Columns(const Hdf5File& file, const std::string& dataset,
          const std::vector<std::string>& names = {})
      : path_(file.path()), dataset_(dataset), table_(file.read_table(dataset, names)) {}

  template <class T>
  std::vector<T> take(const std::string& name) {
    for (TableColumn& column : table_) {
      if (column.name != name) continue;
      if (auto* values = std::get_if<std::vector<T>>(&column.values)) return std::move(*values);
      throw DataError(path_, dataset_,
                      fmt::format("column '{}' is of another type than expected", name));
    }
    throw DataError(path_, dataset_, fmt::format("column '{}' is missing", name));
  }

 private:
  std::string path_;
  std::string dataset_;
  Table table_;
};

/// Refuses trial numbers that /trials does not have.
void check_trials(const ResultsTables& tables, const std::vector<std::int32_t>& trials,
                  const char* dataset) {
  for (const std::int32_t trial : trials) {
    if (trial < 0 || static_cast<std::size_t>(trial) >= tables.trials.size()) {
      throw DataError(tables.path, dataset,
                      fmt::format("names trial {} of {}", trial, tables.trials.size()));
    }
  }
}

void read_trials(const Hdf5File& file, ResultsTables& tables) {
  Columns columns(file, "/trials");
  const auto numbers = columns.take<std::int32_t>("trial");
  const auto keys = columns.take<std::string>("key"), states = columns.take<std::string>("state");
  const auto hosts = columns.take<std::string>("host"),
             devices = columns.take<std::string>("device");
  const auto errors = columns.take<std::string>("error");
  const auto attempts = columns.take<std::int32_t>("attempts"),
             ranks = columns.take<std::int32_t>("rank");
  const auto threads = columns.take<std::int32_t>("threads");
  const auto started = columns.take<double>("started"), seconds = columns.take<double>("seconds");
  tables.trials.reserve(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != static_cast<std::int32_t>(i)) {
      throw DataError(tables.path, "/trials", fmt::format("row {} is trial {}", i, numbers[i]));
    }
    TrialRecord record;
    try {
      record.spec = TrialSpec::from_key(keys[i]);
      record.state = enum_of<TrialState>(states[i], "state");
    } catch (const Error& error) {
      throw DataError(tables.path, "/trials", error.what());
    }
    record.spec.trial = numbers[i];
    record.attempts = attempts[i];
    record.rank = ranks[i];
    record.host = hosts[i];
    record.device = devices[i];
    record.threads = threads[i];
    record.started = started[i];
    record.seconds = seconds[i];
    record.error = errors[i];
    tables.trials.push_back(std::move(record));
  }
}

std::vector<std::uint64_t> hashes(const std::vector<std::string>& texts) {
  std::vector<std::uint64_t> values(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::from_chars(texts[i].data(), texts[i].data() + texts[i].size(), values[i], 16);
  }
  return values;
}

void read_rounds(const Hdf5File& file, ResultsTables& tables) {
  std::vector<std::string> wanted = {"trial", "round", "n_labeled", "weights_hash"}, metrics;
  for (const std::string& name : file.columns("/rounds")) {
    if (std::find(schema::round_columns.begin(), schema::round_columns.end(), name) ==
        schema::round_columns.end()) {
      metrics.push_back(name);
    }
  }
  wanted.insert(wanted.end(), metrics.begin(), metrics.end());
  Columns columns(file, "/rounds", wanted);
  auto& rounds = tables.rounds;
  rounds.trial = columns.take<std::int32_t>("trial");
  rounds.round = columns.take<std::int32_t>("round");
  rounds.n_labeled = columns.take<std::int64_t>("n_labeled");
  rounds.weights_hash = hashes(columns.take<std::string>("weights_hash"));
  for (const std::string& name : metrics) rounds.metrics[name] = columns.take<double>(name);
  check_trials(tables, rounds.trial, "/rounds");
}

void read_picks(const Hdf5File& file, ResultsTables& tables) {
  Columns columns(file, "/picks");
  auto& picks = tables.picks;
  picks.trial = columns.take<std::int32_t>("trial");
  picks.round = columns.take<std::int32_t>("round");
  picks.order = columns.take<std::int32_t>("order");
  picks.index = columns.take<std::int64_t>("index");
  picks.label = columns.take<std::int64_t>("label");
  picks.score = columns.take<double>("score");
  check_trials(tables, picks.trial, "/picks");
}

void read_confusion(const Hdf5File& file, ResultsTables& tables, std::int64_t most) {
  if (!file.has("/confusion")) return;
  const auto k = static_cast<std::int64_t>(tables.class_names.size());
  const Shape expected = {static_cast<std::int64_t>(tables.rounds.trial.size()), k, k};
  if (file.info("/confusion").shape != expected) {
    throw DataError(tables.path, "/confusion",
                    fmt::format("expected {} matrices of {} x {}", expected[0], k, k));
  }
  if (expected[0] * k * k > most) return;
  tables.confusion = file.read<std::int64_t>("/confusion");
}

void read_calibration(const Hdf5File& file, ResultsTables& tables) {
  if (!file.has("/calibration")) return;  // of an earlier version
  const auto n = static_cast<std::int64_t>(tables.rounds.trial.size());
  const Shape shape = file.info("/calibration").shape;
  if (shape.size() != 3 || shape[0] != n || shape[2] != 3) {
    throw DataError(tables.path, "/calibration", fmt::format("expected {} x bins x 3", n));
  }
  tables.calibration = file.read<double>("/calibration");
}

void read_pictures(const Hdf5File& file, ResultsTables& tables) {
  if (!file.has("/pictures")) return;
  for (const std::string& name : file.children("/pictures")) {
    const auto bytes = file.read<std::uint8_t>("/pictures/" + name);
    tables.pictures.emplace(name, std::string(bytes.begin(), bytes.end()));
  }
}

void read_map(const Hdf5File& file, ResultsTables& tables) {
  if (!file.has("/map")) return;
  Columns columns(file, "/map");
  ResultsTables::Map& map = tables.map;
  map.index = columns.take<std::int64_t>("index");
  map.label = columns.take<std::int64_t>("label");
  map.x = columns.take<double>("x");
  map.y = columns.take<double>("y");
  map.embeddings = file.text_attribute("/map", "embeddings").value_or("");
  map.shares = {file.double_attribute("/map", "share_x").value_or(0),
                file.double_attribute("/map", "share_y").value_or(0)};
  map.n_even = file.int_attribute("/map", "n_even").value_or(0);
  if (map.n_even < 0 || map.n_even > static_cast<std::int64_t>(map.index.size())) {
    throw DataError(tables.path, "/map", "its attribute 'n_even' is not among its rows");
  }
}

void read_attempts(const Hdf5File& file, ResultsTables& tables) {
  Columns columns(file, "/attempts");
  const auto trials = columns.take<std::int32_t>("trial"),
             numbers = columns.take<std::int32_t>("attempt");
  const auto ranks = columns.take<std::int32_t>("rank");
  const auto hosts = columns.take<std::string>("host"),
             devices = columns.take<std::string>("device");
  const auto outcomes = columns.take<std::string>("outcome"),
             messages = columns.take<std::string>("message");
  const auto started = columns.take<double>("started"), seconds = columns.take<double>("seconds");
  check_trials(tables, trials, "/attempts");
  for (std::size_t i = 0; i < trials.size(); ++i) {
    tables.attempts.push_back({trials[i], numbers[i], ranks[i], hosts[i], devices[i], outcomes[i],
                               messages[i], started[i], seconds[i]});
  }
}

}  // namespace

ResultsTables read_results(const std::string& path, const ReadWhat& what) {
  const Hdf5File file = Hdf5File::open(path);
  if (file.text_attribute("/", "format").value_or("") != schema::format) {
    throw DataError(path, "",
                    "is no results file of al_mpi (its attribute 'format' says otherwise)");
  }
  if (file.int_attribute("/", "version").value_or(0) != schema::version) {
    throw DataError(path, "", "is a results file of another version (use the al_mpi that made it)");
  }
  ResultsTables tables;
  tables.path = path;
  for (const std::string& name : file.attributes("/")) {
    if (name == "version" || name == "complete") continue;
    if (auto text = file.text_attribute("/", name)) tables.attributes[name] = *text;
  }
  tables.complete = file.int_attribute("/", "complete").value_or(0) != 0;
  tables.task = tables.attributes["task"];
  std::istringstream names(tables.attributes["class_names"]);
  for (std::string name; std::getline(names, name);) tables.class_names.push_back(name);
  read_trials(file, tables);
  read_rounds(file, tables);
  if (what.picks) read_picks(file, tables);
  if (what.confusion) read_confusion(file, tables, what.most_confusion);
  if (what.confusion) read_calibration(file, tables);
  read_attempts(file, tables);
  if (what.pictures) {
    read_pictures(file, tables);
    read_map(file, tables);
  }
  return tables;
}

}  // namespace al_mpi
