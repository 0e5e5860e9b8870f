#include "own_code.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "values.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/base/paths.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// The one word for an array that strategies may need; al_trial pick's, or written out.
std::string array_name(const std::string& text, const std::string& key) {
  const std::string wanted = normalized_name(text);
  if (wanted == "probabilities") return "probs";
  if (wanted == "mcprobabilities") return "mc_probs";
  std::vector<std::string> known;
  for (const ArrayInfo& array : array_catalog()) {
    if (wanted == normalized_name(array.name)) return array.name;
    known.push_back(array.name);
  }
  throw ConfigError(key, fmt::format("unknown array '{}'{}", text, did_you_mean(text, known)));
}

/// A word of its own that is no strategy of this program.
void check_name(const std::string& name, const std::string& key) {
  check_word(name, key);
  for (const StrategyInfo& info : strategy_catalog()) {
    if (normalized_name(name) == normalized_name(info.name) ||
        normalized_name(name) == normalized_name(info.alias)) {
      throw ConfigError(
          key + "." + name,
          fmt::format("{} is a strategy of al_mpi itself (choose another name)", info.name));
    }
  }
}

/// A leading "~" or "$NAME" as in other paths; the other words are the program's own business.
void expand_word(std::string& word, const std::string& key) {
  if (!word.empty() && (word.front() == '~' || word.front() == '$')) {
    word = expanded_path(word, key);
  }
}

void read_words(const YAML::Node& node, const std::string& key, std::vector<std::string>& words) {
  read_value(node, key, words);
  for (std::string& word : words) expand_word(word, key);
}

/// Reads one of the fields that every program has; false: it is none of them.
bool read_field(const std::string& field, const YAML::Node& node, const std::string& key,
                OwnProgram& program) {
  if (field == "command") {
    read_words(node, key, program.command);
  } else if (field == "files") {
    read_words(node, key, program.files);
  } else if (field == "content") {
    for (const auto& file : node) {
      read_value(file.second, key, program.content[file.first.as<std::string>()]);
    }
  } else {
    return false;
  }
  return true;
}

[[noreturn]] void refuse_field(const std::string& field, const std::string& key,
                               std::vector<std::string> fields) {
  fields.insert(fields.end(), {"command", "files", "content"});
  throw ConfigError(key, "unknown key" + did_you_mean(field, fields));
}

void check_command(const OwnProgram& program, const std::string& key) {
  if (!program.command.empty() && !program.command.front().empty()) return;
  throw ConfigError(key + ".command", "is missing: the program and its arguments, a list");
}

ExternalStrategy read_strategy(const YAML::Node& node, const std::string& key) {
  if (!node.IsMap()) {
    throw ConfigError(key,
                      "a map is expected, such as {command: [python3, mine.py], needs: [probs]}");
  }
  ExternalStrategy strategy;
  for (const auto& entry : node) {
    const std::string field = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const std::string path = key + "." + field;
    if (field == "needs") {
      read_value(entry.second, path, strategy.needs);
      for (std::string& array : strategy.needs) array = array_name(array, path);
    } else if (field == "time_limit") {
      read_value(entry.second, path, strategy.time_limit);
      if (strategy.time_limit <= 0) throw ConfigError(path, "must be > 0 seconds");
    } else if (!read_field(field, entry.second, path, strategy.program)) {
      refuse_field(field, path, {"needs", "time_limit"});
    }
  }
  check_command(strategy.program, key);
  return strategy;
}

YAML::Node program_node(const OwnProgram& program) {
  YAML::Node node(YAML::NodeType::Map);
  node["command"] = to_node(program.command);
  node["files"] = to_node(program.files);
  YAML::Node content(YAML::NodeType::Map);
  for (const auto& [file, hash] : program.content) content[file] = hash;
  node["content"] = content;
  node.SetStyle(YAML::EmitterStyle::Flow);
  return node;
}

/// Whether `name` is among the words of a value such as [{mine: 3}, badge].
bool has_word(const std::string& text, const std::string& name) {
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
    } else {
      if (normalized_name(word) == normalized_name(name)) return true;
      word.clear();
    }
  }
  return false;
}

/// Strategies of the sweep, the stages of theirs, and what sweep.grid puts in place of them.
bool is_used(const SweepConfig& config, const std::string& name) {
  const auto names_it = [&](const std::vector<std::string>& texts) {
    return std::any_of(texts.begin(), texts.end(),
                       [&](const std::string& text) { return has_word(text, name); });
  };
  const auto& strategies = config.sweep.strategies;
  const auto& grid = config.sweep.grid;
  return std::any_of(strategies.begin(), strategies.end(),
                     [&](const std::string& strategy) {
                       return names_it(stages_of(strategy, config.query));
                     }) ||
         std::any_of(grid.begin(), grid.end(),
                     [&](const auto& varied) { return names_it(varied.second); });
}

/// Short enough for an attribute of a file.
std::string short_text(const std::string& text) {
  constexpr std::size_t longest = 4000;
  return text.size() <= longest ? text : to_hex(stable_hash(text));
}

std::string identity_of(const ExternalStrategy& strategy) {
  return short_text(
      fmt::format("{}; needs {}", identity_of(strategy.program), fmt::join(strategy.needs, " ")));
}

/// "mine.py has changed" for a file whose content is another; else the whole of both.
std::string what_differs(const std::string& before, const std::string& after,
                         const OwnProgram& program) {
  for (const auto& [file, hash] : program.content) {
    const std::string name = fs::path(file).filename().string() + " (";
    const bool known = before.find(name) != std::string::npos;
    if (known && before.find(name + hash + ")") == std::string::npos) return file + " has changed";
  }
  return fmt::format("'{}' in the results file, '{}' now", before, after);
}

}  // namespace

bool has_own_engine(const SweepConfig& config) {
  return !config.farm.engine.command.empty();
}

void check_word(const std::string& name, const std::string& key) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  const bool starts = !name.empty() && std::isalpha(static_cast<unsigned char>(name.front()));
  if (starts && std::all_of(name.begin(), name.end(), fits)) return;
  throw ConfigError(
      key, fmt::format("'{}' is no name (letters, digits and _ are, a letter first)", name));
}

void read_value(const YAML::Node& node, const std::string& key, OwnProgram& value) {
  value = {};
  if (node.IsSequence()) {
    read_words(node, key, value.command);
  } else if (node.IsMap()) {
    for (const auto& entry : node) {
      const std::string field = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const std::string path = key + "." + field;
      if (!read_field(field, entry.second, path, value)) refuse_field(field, path, {});
    }
    check_command(value, key);
  } else {
    throw ConfigError(key,
                      "a list is expected, such as [python3, mine.py], or {command: [python3, "
                      "mine.py], files: [model.pt]}");
  }
}

YAML::Node to_node(const OwnProgram& value) {
  if (value.command.empty()) return to_node(value.command);
  return program_node(value);
}

void read_value(const YAML::Node& node, const std::string& key, ExternalStrategies& value) {
  value.clear();
  if (!node.IsMap()) throw ConfigError(key, "a map of names and programs is expected");
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    check_name(name, key);
    for (const auto& [other, program] : value) {
      if (normalized_name(other) == normalized_name(name))
        throw ConfigError(key, fmt::format("'{}' is given twice", name));
    }
    value[name] = read_strategy(entry.second, key + "." + name);
  }
}

YAML::Node to_node(const ExternalStrategies& value) {
  YAML::Node map(YAML::NodeType::Map);
  for (const auto& [name, strategy] : value) {
    YAML::Node node = program_node(strategy.program);
    node["needs"] = to_node(strategy.needs);
    node["time_limit"] = to_node(strategy.time_limit);
    map[name] = node;
  }
  map.SetStyle(YAML::EmitterStyle::Flow);
  return map;
}

void find_programs(SweepConfig& config, const std::string& key,
                   const std::function<std::string(const std::string&)>& find) {
  const auto find_files = [&](OwnProgram& program) {
    for (std::size_t i = 0; i < program.command.size(); ++i) {
      std::string& word = program.command[i];
      const bool in_path = i == 0 && word.find('/') == std::string::npos;
      std::error_code unknown;
      if (const std::string found = in_path ? "" : find(word);
          fs::is_regular_file(found, unknown)) {
        word = found;
      }
    }
    for (std::string& file : program.files) file = find(file);
    remember_content(program);
  };
  if (key == "farm.engine") return find_files(config.farm.engine);
  for (auto& [name, strategy] : config.query.external) find_files(strategy.program);
}

void check_programs(const SweepConfig& config) {
  if (has_own_engine(config)) check_runs_here(config.farm.engine, "farm.engine");
  for (const auto& [name, strategy] : config.query.external) {
    if (is_used(config, name)) check_runs_here(strategy.program, "external.strategies." + name);
  }
}

std::string program_fingerprint(const SweepConfig& config, const std::string& strategy) {
  std::string text;
  for (const std::string& stage : stages_of(strategy, config.query)) {
    const auto found = config.query.external.find(stage);
    if (found != config.query.external.end()) text += identity_of(found->second);
  }
  return text;
}

ProgramVersions program_versions(const SweepConfig& config) {
  ProgramVersions versions;
  if (has_own_engine(config))
    versions.emplace_back("engine", short_text(identity_of(config.farm.engine)));
  for (const auto& [name, strategy] : config.query.external) {
    if (is_used(config, name)) versions.emplace_back("external_" + name, identity_of(strategy));
  }
  return versions;
}

void check_same_programs(const ProgramVersions& stored, const SweepConfig& now,
                         const std::string& file) {
  std::map<std::string, std::string> before(stored.begin(), stored.end());
  std::map<std::string, std::string> after;
  for (const auto& [name, text] : program_versions(now)) after[name] = text;
  const auto refuse = [&](const std::string& key, const std::string& what) {
    throw ConfigError("results.file",
                      fmt::format("{} was made with other settings ({}: {}); use those, or another "
                                  "results.file",
                                  file, key, what));
  };
  if (before["engine"] != after["engine"]) {
    const auto shown = [](const std::string& text) { return text.empty() ? "al_trial" : text; };
    refuse("farm.engine",
           what_differs(shown(before["engine"]), shown(after["engine"]), now.farm.engine));
  }
  for (const auto& [name, strategy] : now.query.external) {
    const std::string version = "external_" + name;
    // A strategy that the file does not know extends its grid.
    if (before[version].empty() || after[version].empty()) continue;
    if (before[version] == after[version]) continue;
    refuse("external.strategies." + name,
           what_differs(before[version], after[version], strategy.program) +
               ", under another name it is another strategy");
  }
}

}  // namespace al_mpi
