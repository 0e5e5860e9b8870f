#include "values.hpp"

#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/number.hpp>

namespace al_mpi {
namespace {

constexpr std::size_t max_seeds = 1000000;    // "1-99999999999" is a typo, not a plan
constexpr std::int64_t most_rounds = 100000;  // as of loop.n_rounds

const std::string& scalar(const YAML::Node& node, const std::string& key, const char* expected) {
  if (!node.IsScalar()) throw ConfigError(key, fmt::format("{} expected", expected));
  return node.Scalar();
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

/// A value as text: a word as it is, a list or a map in YAML's flow style.
std::string one_line(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  YAML::Emitter emitter;
  emitter << YAML::Flow << node;
  return emitter.c_str();
}

/// Appends "7" or "1-10".
void append_seeds(const std::string& text, const std::string& key,
                  std::vector<std::int64_t>& seeds) {
  const std::size_t dash = text.find('-');
  std::int64_t first = 0, last = 0;
  bool good = parse_number(std::string_view(text).substr(0, dash), first);
  last = first;
  if (dash != std::string::npos)
    good = good && parse_number(std::string_view(text).substr(dash + 1), last);
  if (!good) {
    throw ConfigError(
        key, fmt::format("'{}' is neither a seed nor a range (write 1-10 or 1,3,5)", text));
  }
  if (last < first) throw ConfigError(key, fmt::format("'{}' is an empty range", text));
  if (static_cast<std::uint64_t>(last - first) >= max_seeds - seeds.size()) {
    throw ConfigError(key, fmt::format("'{}' makes more than {} seeds", text, max_seeds));
  }
  for (std::int64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
}

}  // namespace

void read_value(const YAML::Node& node, const std::string& key, std::string& value) {
  value = scalar(node, key, "text");
}

void read_value(const YAML::Node& node, const std::string& key, bool& value) {
  const std::string& text = scalar(node, key, "true or false");
  if (text != "true" && text != "false") {
    throw ConfigError(key, fmt::format("'{}' is neither true nor false", text));
  }
  value = text == "true";
}

void read_value(const YAML::Node& node, const std::string& key, std::int64_t& value) {
  const std::string& text = scalar(node, key, "an integer");
  if (!parse_number(text, value)) throw ConfigError(key, fmt::format("'{}' is no integer", text));
}

void read_value(const YAML::Node& node, const std::string& key, double& value) {
  const std::string& text = scalar(node, key, "a number");
  if (!parse_number(text, value) || !std::isfinite(value)) {
    throw ConfigError(key, fmt::format("'{}' is no finite number", text));
  }
}

void read_value(const YAML::Node& node, const std::string& key, std::vector<std::string>& value) {
  if (node.IsScalar()) {
    value = split(node.Scalar(), ',');
    return;
  }
  if (!node.IsSequence()) throw ConfigError(key, "a list expected");
  value.clear();
  for (const auto& item : node) value.push_back(scalar(item, key, "a list of single values"));
}

void read_value(const YAML::Node& node, const std::string& key, std::vector<std::int64_t>& value) {
  std::vector<std::string> parts;
  read_value(node, key, parts);
  value.clear();
  for (const std::string& part : parts) append_seeds(part, key, value);
}

void read_value(const YAML::Node& node, const std::string& key, GridValues& value) {
  value.clear();
  if (node.IsNull()) return;
  if (!node.IsMap()) throw ConfigError(key, "a map of keys and lists of values expected");
  for (const auto& entry : node) {
    const std::string& varied = scalar(entry.first, key, "a key such as loop.n_init");
    if (value.count(varied) != 0)
      throw ConfigError(key, fmt::format("'{}' is given twice", varied));
    if (!entry.second.IsSequence()) {
      read_value(entry.second, key + "." + varied, value[varied]);
      continue;
    }
    std::vector<std::string>& values = value[varied];  // stays empty where the list is
    for (const auto& item : entry.second) values.push_back(one_line(item));
  }
}

void read_value(const YAML::Node& node, const std::string& key,
                std::vector<ScheduledStrategy>& value) {
  const char* expected = "a list such as [{typiclust: 3}, margin_sampling]";
  if (!node.IsSequence()) throw ConfigError(key, fmt::format("{} expected", expected));
  value.clear();
  for (const auto& item : node) {
    ScheduledStrategy part;
    if (item.IsMap() && item.size() == 1) {
      part.name = scalar(item.begin()->first, key, expected);
      read_value(item.begin()->second, key, part.rounds);
      if (part.rounds < 1 || part.rounds > most_rounds) {
        throw ConfigError(key, fmt::format("{} rounds of {} (must be 1 .. {})", part.rounds,
                                           part.name, most_rounds));
      }
    } else {
      part.name = scalar(item, key, expected);
    }
    value.push_back(part);
  }
}

YAML::Node to_node(const std::string& value) {
  return YAML::Node(value);
}
YAML::Node to_node(bool value) {
  return YAML::Node(value ? "true" : "false");
}
YAML::Node to_node(std::int64_t value) {
  return YAML::Node(fmt::format("{}", value));
}
YAML::Node to_node(double value) {
  return YAML::Node(fmt::format("{}", value));
}  // shortest text that reads back to the same number

YAML::Node to_node(const std::vector<std::string>& value) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const std::string& item : value) list.push_back(item);
  list.SetStyle(YAML::EmitterStyle::Flow);
  return list;
}

YAML::Node to_node(const std::vector<std::int64_t>& value) {
  std::string text;
  for (std::size_t i = 0; i < value.size();) {
    std::size_t last = i;
    while (last + 1 < value.size() && value[last + 1] == value[last] + 1) ++last;
    text += fmt::format("{}{}", i == 0 ? "" : ",", value[i]);
    if (last > i) text += fmt::format("-{}", value[last]);
    i = last + 1;
  }
  return YAML::Node(text);
}

YAML::Node to_node(const std::vector<ScheduledStrategy>& value) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const ScheduledStrategy& part : value) {
    YAML::Node item(part.name);
    if (part.rounds > 0) {
      item = YAML::Node(YAML::NodeType::Map);
      item[part.name] = part.rounds;
      item.SetStyle(YAML::EmitterStyle::Flow);
    }
    list.push_back(item);
  }
  list.SetStyle(YAML::EmitterStyle::Flow);
  return list;
}

void to_json(nlohmann::json& json, const ScheduledStrategy& value) {
  if (value.rounds == 0) {
    json = value.name;
  } else {
    json = nlohmann::json::object();
    json[value.name] = value.rounds;
  }
}

YAML::Node to_node(const GridValues& value) {
  YAML::Node map(YAML::NodeType::Map);
  for (const auto& [key, values] : value) map[key] = to_node(values);
  map.SetStyle(YAML::EmitterStyle::Flow);
  return map;
}

}  // namespace al_mpi
