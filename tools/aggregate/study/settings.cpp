#include "settings.hpp"

#include <set>
#include <utility>

#include <al_mpi/config/flat_settings.hpp>

namespace al_mpi {
namespace {

/// The attributes that say how a file came to be.
const std::set<std::string>& compared_attributes() {
  static const std::set<std::string> names = {
      "task",         "dataset_fingerprint", "class_counts",     "devices",
      "hosts",        "version_al_mpi",      "version_compiler", "version_git",
      "version_hdf5", "version_libtorch",    "version_mpi"};
  return names;
}

std::map<std::string, std::string> compared_values(const ResultsTables& file, bool with_config) {
  std::map<std::string, std::string> values;
  for (auto& [key, value] : flat_settings(with_config ? file.attribute("config") : "")) {
    if (key.rfind("results.", 0) != 0) values[key] = value;
  }
  for (const std::string& name : compared_attributes()) {
    const std::string value = file.attribute(name);
    if (!value.empty()) values[name] = value;
  }
  return values;
}

}  // namespace

std::vector<SettingChange> changed_settings(const ResultsTables& a, const ResultsTables& b) {
  const bool both = !a.attribute("config").empty() && !b.attribute("config").empty();
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
