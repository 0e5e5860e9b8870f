#include <al_mpi/config/flat_settings.hpp>

#include <algorithm>

#include <yaml-cpp/yaml.h>

namespace al_mpi {
namespace {

void add(const YAML::Node& node, const std::string& key,
         std::map<std::string, std::string>& values) {
  if (node.IsMap() && node.Style() != YAML::EmitterStyle::Flow) {
    for (const auto& entry : node) {
      add(entry.second, (key.empty() ? "" : key + ".") + entry.first.as<std::string>(), values);
    }
  } else if (node.IsDefined() && !node.IsNull()) {
    std::string text = YAML::Dump(node);
    std::replace(text.begin(), text.end(), '\n', ' ');
    values[key] = text;
  }
}

}  // namespace

std::map<std::string, std::string> flat_settings(const std::string& yaml) {
  std::map<std::string, std::string> values;
  try {
    const YAML::Node all = YAML::Load(yaml);
    if (all.IsMap()) add(all, "", values);
  } catch (const YAML::Exception&) {
    values.clear();
  }
  return values;
}

}  // namespace al_mpi
