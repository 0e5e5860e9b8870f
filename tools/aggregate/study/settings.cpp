#include "settings.hpp"

#include <set>
#include <sstream>
#include <utility>

namespace al_mpi {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Where the key of "key: value" ends: at the first colon that a space or the end of the line
/// follows. npos if there is no key.
std::size_t end_of_key(const std::string& line) {
  for (std::size_t i = line.find(':'); i != std::string::npos; i = line.find(':', i + 1)) {
    if (i + 1 == line.size() || line[i + 1] == ' ') return i;
  }
  return std::string::npos;
}

/// The attributes that say how a file came to be.
const std::set<std::string>& compared_attributes() {
  static const std::set<std::string> names = {
      "task",         "dataset_fingerprint", "class_counts",     "devices",
      "hosts",        "version_al_mpi",      "version_compiler", "version_git",
      "version_hdf5", "version_libtorch",    "version_mpi"};
  return names;
}

std::string attribute(const ResultsTables& file, const std::string& name) {
  const auto found = file.attributes.find(name);
  return found == file.attributes.end() ? "" : found->second;
}

std::map<std::string, std::string> compared_values(const ResultsTables& file, bool with_config) {
  std::map<std::string, std::string> values;
  for (auto& [key, value] : flat_settings(with_config ? attribute(file, "config") : "")) {
    if (key.rfind("results.", 0) != 0) values[key] = value;
  }
  for (const std::string& name : compared_attributes()) {
    const std::string value = attribute(file, name);
    if (!value.empty()) values[name] = value;
  }
  return values;
}

}  // namespace

std::map<std::string, std::string> flat_settings(const std::string& yaml) {
  std::map<std::string, std::string> values;
  std::vector<std::pair<std::size_t, std::string>> path;  // indentation and key of each level
  std::string key;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);) {
    const std::string text = trimmed(line);
    if (text.empty() || text[0] == '#') continue;
    const std::size_t indent = line.find_first_not_of(' '), colon = end_of_key(text);
    const bool continues = text.rfind("- ", 0) == 0 || colon == std::string::npos;
    if (continues && !key.empty()) {  // a list, or a value of several lines
      values[key] += (values[key].empty() ? "" : " ") + text;
      continue;
    }
    while (!path.empty() && path.back().first >= indent) path.pop_back();
    path.emplace_back(indent, text.substr(0, colon));
    key.clear();
    for (const auto& [column, name] : path) key += (key.empty() ? "" : ".") + name;
    const std::string value = trimmed(text.substr(colon + 1));
    if (!value.empty()) values[key] = value;
  }
  return values;
}

std::vector<SettingChange> changed_settings(const ResultsTables& a, const ResultsTables& b) {
  const bool both = !attribute(a, "config").empty() && !attribute(b, "config").empty();
  const std::map<std::string, std::string> left = compared_values(a, both);
  const std::map<std::string, std::string> right = compared_values(b, both);
  std::set<std::string> keys;
  for (const auto* side : {&left, &right}) {
    for (const auto& [key, value] : *side) keys.insert(key);
  }
  std::vector<SettingChange> changes;
  const auto value_of = [](const auto& side, const std::string& key) {
    const auto found = side.find(key);
    return found == side.end() ? std::string() : found->second;
  };
  for (const std::string& key : keys) {
    SettingChange change{key, value_of(left, key), value_of(right, key)};
    if (change.a != change.b) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace al_mpi
