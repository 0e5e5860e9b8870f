#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tools/aggregate/import_log.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

/// One line; the shape of `EntropySampling_random,3,e835f948-...,0.81`.
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

LogLine parse(const std::string& line) {
  const std::vector<std::string> fields = split(line, ',');
  if (fields.size() != 4) throw ConfigError("", "expected Strategy_init,seed,uuid,value");
  const std::size_t bar = fields[0].rfind('_');
  if (bar == std::string::npos) {
    throw ConfigError("", fmt::format("'{}' is not Strategy_init", fields[0]));
  }
  LogLine result;
  result.spec.strategy = strategy_name(fields[0].substr(0, bar), "");
  result.spec.init = init_name(fields[0].substr(bar + 1), "");
  result.uuid = fields[2];
  char* end = nullptr;
  result.spec.seed = std::strtoll(fields[1].c_str(), &end, 10);
  if (fields[1].empty() || *end != '\0') {
    throw ConfigError("", fmt::format("'{}' is not a seed", fields[1]));
  }
  result.value = std::strtod(fields[3].c_str(), &end);
  if (fields[3].empty() || *end != '\0') {
    throw ConfigError("", fmt::format("'{}' is not a number", fields[3]));
  }
  return result;
}

std::vector<Run> read_runs(std::istream& stream, const std::string& path) {
  std::vector<Run> runs;
  std::map<std::string, std::size_t> index;  // uuid and key -> run
  std::string line;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    LogLine parsed;
    try {
      parsed = parse(line);
    } catch (const ConfigError& error) {
      throw DataError(path, fmt::format("line {}", number), error.what());
    }
    const auto [found, is_new] = index.emplace(parsed.uuid + " " + parsed.spec.key(), runs.size());
    if (is_new) runs.push_back({parsed.spec, parsed.uuid, {}, number, false});
    Run& run = runs[found->second];
    if (!is_new && run.last_line + 1 != number) run.interleaved = true;
    run.last_line = number;
    run.values.push_back(parsed.value);
  }
  if (runs.empty()) throw DataError(path, "", "holds no line Strategy_init,seed,uuid,value");
  return runs;
}

/// One run a trial: the longest, the first among equals.
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
