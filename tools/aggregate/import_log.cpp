#include "import_log.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

/// One line, such as `EntropySampling_random,3,e835f948-...,0.81`.
struct LogLine {
  TrialSpec spec;
  std::string uuid;
  double value = 0.0;
};

/// One process that wrote to the log.
struct Run {
  TrialSpec spec;
  std::string uuid;
  std::vector<double> values;
  std::size_t last_line = 0;
  bool interleaved = false;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// A name of the catalogue, compared as strategy_name() does; any other stays as it is.
std::string known_or_own(const std::vector<StrategyInfo>& catalog, const std::string& text) {
  for (const StrategyInfo& info : catalog) {
    if (normalized_name(info.name) == normalized_name(text) ||
        (!info.alias.empty() && normalized_name(info.alias) == normalized_name(text))) {
      return info.name;
    }
  }
  return text;
}

/// Splits "Strategy_init". The initial set is the longest known one that the text ends with, else
/// what follows the last underscore. Names that are in no catalogue stay as they are.
void parse_names(const std::string& text, TrialSpec& spec) {
  std::size_t bar = text.rfind('_');
  for (const StrategyInfo& init : init_catalog()) {
    const std::size_t n = init.name.size() + 1;
    if (text.size() > n && text.compare(text.size() - n, n, "_" + init.name) == 0) {
      bar = std::min(bar, text.size() - n);
    }
  }
  if (bar == std::string::npos || bar == 0 || bar + 1 == text.size()) {
    throw ConfigError("", fmt::format("'{}' is not Strategy_init", text));
  }
  if (text.find_first_of("/=;") != std::string::npos) {
    throw ConfigError("", fmt::format("'{}' holds one of / = ;, which no name may", text));
  }
  spec.strategy = known_or_own(strategy_catalog(), text.substr(0, bar));
  spec.init = known_or_own(init_catalog(), text.substr(bar + 1));
}

/// The fields of a line, without spaces around them and without empty ones at its end.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields = split(line, ',');
  for (std::string& field : fields) {
    const std::size_t first = field.find_first_not_of(" \t\r");
    if (first == std::string::npos) {
      field.clear();
    } else {
      field = field.substr(first, field.find_last_not_of(" \t\r") + 1 - first);
    }
  }
  while (!fields.empty() && fields.back().empty()) fields.pop_back();
  return fields;
}

LogLine parse(const std::vector<std::string>& fields) {
  if (fields.size() != 4) throw ConfigError("", "expected Strategy_init,seed,uuid,value");
  LogLine result;
  parse_names(fields[0], result.spec);
  result.uuid = fields[2];
  char* end = nullptr;
  result.spec.seed = std::strtoll(fields[1].c_str(), &end, 10);
  if (fields[1].empty() || *end != '\0') {
    throw ConfigError("", fmt::format("'{}' is not a seed", fields[1]));
  }
  result.value = std::strtod(fields[3].c_str(), &end);
  if (*end != '\0') throw ConfigError("", fmt::format("'{}' is not a number", fields[3]));
  return result;
}

/// Whether the fields are names of columns: neither the seed nor the value holds a digit.
bool is_header(const std::vector<std::string>& fields) {
  const auto is_word = [](const std::string& text) {
    return !text.empty() && text.find_first_of("0123456789") == std::string::npos;
  };
  return fields.size() == 4 && is_word(fields[1]) && is_word(fields[3]) && fields[3] != "nan" &&
         fields[3] != "inf" && fields[3] != "-inf";
}

std::vector<Run> read_runs(std::istream& stream, const std::string& path) {
  std::vector<Run> runs;
  std::map<std::string, std::size_t> index;  // uuid and key -> run
  std::string line;
  std::size_t kept = 0;  // lines that hold a value
  bool begun = false;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    if (number == 1 && line.compare(0, 3, "\xEF\xBB\xBF") == 0) line.erase(0, 3);
    const std::vector<std::string> fields = fields_of(line);
    if (fields.empty()) continue;
    const bool first = !std::exchange(begun, true);
    if (first && is_header(fields)) continue;
    LogLine parsed;
    try {
      parsed = parse(fields);
    } catch (const ConfigError& error) {
      throw DataError(path, fmt::format("line {}", number), error.what());
    }
    ++kept;
    const auto [found, is_new] = index.emplace(parsed.uuid + " " + parsed.spec.key(), runs.size());
    if (is_new) runs.push_back({parsed.spec, parsed.uuid, {}, kept, false});
    Run& run = runs[found->second];
    if (!is_new && run.last_line + 1 != kept) run.interleaved = true;
    run.last_line = kept;
    run.values.push_back(parsed.value);
  }
  if (runs.empty()) throw DataError(path, "", "holds no line Strategy_init,seed,uuid,value");
  return runs;
}

/// Notes the names that are in no catalogue: they are the user's own, or misspelt.
void note_own_names(const std::vector<Run>& runs, std::vector<std::string>& notes) {
  const auto note = [&](const char* what, const std::vector<StrategyInfo>& catalog,
                        const std::string& name) {
    std::vector<std::string> known;
    for (const StrategyInfo& info : catalog) known.push_back(info.name);
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string near = nearest_name(name, known);
    const std::string text =
        fmt::format("{} '{}' is not one of al_mpi's and is taken as it stands{}", what, name,
                    near.empty() ? "" : fmt::format(" (it is near '{}')", near));
    if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
  };
  for (const Run& run : runs) {
    note("strategy", strategy_catalog(), run.spec.strategy);
    note("initial set", init_catalog(), run.spec.init);
  }
}

void note_missing_values(const std::vector<Run>& runs, std::vector<std::string>& notes) {
  std::size_t values = 0, trials = 0;
  for (const Run& run : runs) {
    const auto n = std::count_if(run.values.begin(), run.values.end(),
                                 [](double value) { return !std::isfinite(value); });
    values += static_cast<std::size_t>(n);
    trials += n > 0 ? 1 : 0;
  }
  if (values == 0) return;
  notes.push_back(fmt::format("{} values of {} trials are NaN or infinite: they count as missing",
                              values, trials));
}

/// Keeps one run of each trial: the longest, and the first of several that are equally long.
std::vector<Run> without_restarts(const std::vector<Run>& runs, std::vector<std::string>& notes) {
  std::vector<Run> kept;
  std::map<std::string, std::size_t> index;
  for (const Run& run : runs) {
    const auto [found, is_new] = index.emplace(run.spec.key(), kept.size());
    if (is_new) {
      kept.push_back(run);
      continue;
    }
    Run& before = kept[found->second];
    const bool longer = run.values.size() > before.values.size();
    notes.push_back(fmt::format("{} was run twice ({} with {} rounds, {} with {}): {} is used",
                                run.spec.key(), before.uuid, before.values.size(), run.uuid,
                                run.values.size(), longer ? run.uuid : before.uuid));
    if (longer) before = run;
  }
  return kept;
}

void append(ResultsTables& tables, const Run& run, bool complete, const ImportOptions& options) {
  TrialRecord record;
  record.spec = run.spec;
  record.spec.trial = static_cast<int>(tables.trials.size());
  record.state = complete ? TrialState::done : TrialState::pending;
  record.attempts = 1;
  tables.trials.push_back(record);
  for (std::size_t round = 0; round < run.values.size(); ++round) {
    const auto step = static_cast<std::int32_t>(round);
    tables.rounds.trial.push_back(record.spec.trial);
    tables.rounds.round.push_back(step);
    tables.rounds.n_labeled.push_back(options.n_init + step * options.n_query);
    tables.rounds.metrics[options.metric].push_back(run.values[round]);
  }
}

}  // namespace

ImportedLog import_log(std::istream& stream, const std::string& path,
                       const ImportOptions& options) {
  ImportedLog result;
  const std::vector<Run> runs = without_restarts(read_runs(stream, path), result.notes);
  note_own_names(runs, result.notes);
  note_missing_values(runs, result.notes);
  std::size_t longest = 0;
  for (const Run& run : runs) longest = std::max(longest, run.values.size());

  ResultsTables& tables = result.tables;
  tables.path = path;
  tables.task = options.metric == "mean_iou" ? "segmentation" : "classification";
  tables.complete = true;
  tables.attributes["name"] =
      options.name.empty() ? std::filesystem::path(path).stem().string() : options.name;
  tables.attributes["imported_from"] = std::filesystem::path(path).filename().string();
  tables.class_names = options.classes;
  if (!options.class_counts.empty()) {
    tables.attributes["class_counts"] = fmt::format("{}", fmt::join(options.class_counts, " "));
  }
  std::size_t interleaved = 0;
  for (const Run& run : runs) {
    const bool complete = run.values.size() == longest;
    append(tables, run, complete, options);
    interleaved += run.interleaved ? 1 : 0;
    if (complete) continue;
    tables.complete = false;
    result.notes.push_back(fmt::format("{} is incomplete: {} of {} rounds", run.spec.key(),
                                       run.values.size(), longest));
  }
  if (interleaved > 0) {
    result.notes.push_back(
        fmt::format("lines of {} runs are interleaved; taken apart by uuid", interleaved));
  }
  return result;
}

ImportedLog import_log(const std::string& path, const ImportOptions& options) {
  std::ifstream stream(path);
  if (!stream)
    throw DataError(path, "", fmt::format("cannot be opened ({})", std::strerror(errno)));
  return import_log(stream, path, options);
}

}  // namespace al_mpi
