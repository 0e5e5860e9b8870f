#include <al_mpi/config/sweep_config.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "option.hpp"
#include "own_code.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>

namespace al_mpi {
namespace {

constexpr std::streamsize max_file_size = 1 << 20;  // bytes; a configuration is a page of text

/// One "key: value" of a file or of the command line.
struct Setting {
  std::string key;
  YAML::Node value;
  std::string place;  ///< "demo.yaml:12" or "command line"
};

[[noreturn]] void refuse(const std::string& key, const std::string& problem,
                         const std::string& place) {
  throw ConfigError(key, fmt::format("{} [{}]", problem, place));
}

/// Throws ConfigError: `path` names no option. The message names the nearest key, which is looked
/// for in the same section first.
[[noreturn]] void refuse_unknown(const std::string& path, const std::string& place) {
  const std::size_t dot = path.find_last_of('.');
  const std::string section = dot == std::string::npos ? "" : path.substr(0, dot + 1);
  const std::string name = path.substr(section.size());
  std::vector<std::string> siblings;
  for (const Option& option : option_table()) {
    if (option.key.rfind(section, 0) != 0) continue;
    const std::string rest = option.key.substr(section.size());
    const std::string sibling = rest.substr(0, rest.find('.'));
    if (siblings.empty() || siblings.back() != sibling) siblings.push_back(sibling);
  }
  if (nearest_name(name, siblings).empty()) {
    for (const Option& option : option_table()) {
      if (option.key.substr(option.key.find_last_of('.') + 1) == name) {
        refuse(path, fmt::format("unknown key (did you mean '{}'?)", option.key), place);
      }
    }
  }
  if (siblings.empty()) refuse(path, "unknown key", place);
  refuse(path, "unknown key" + did_you_mean(name, siblings), place);
}

bool is_section(const std::string& path) {
  for (const Option& option : option_table()) {
    if (option.key.rfind(path + ".", 0) == 0) return true;
  }
  return false;
}

void collect(const YAML::Node& map, const std::string& section, const std::string& origin,
             std::vector<Setting>& settings) {
  for (const auto& entry : map) {
    const std::string place = fmt::format("{}:{}", origin, entry.first.Mark().line + 1);
    if (!entry.first.IsScalar()) refuse(section, "a key must be a single word", place);
    const std::string path = section + (section.empty() ? "" : ".") + entry.first.Scalar();
    if (find_option(path) != nullptr) {
      settings.push_back({path, entry.second, place});
    } else if (!is_section(path)) {
      refuse_unknown(path, place);
    } else if (entry.second.IsMap()) {
      collect(entry.second, path, origin, settings);
    } else if (!entry.second.IsNull()) {
      refuse(path, "this is a section: put its keys below it, indented", place);
    }
  }
}

std::vector<Setting> settings_of(const std::string& text, const std::string& origin) {
  std::vector<Setting> settings;
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return settings;
    if (!root.IsMap()) refuse("", "not a configuration (a map of sections is expected)", origin);
    collect(root, "", origin, settings);
  } catch (const YAML::Exception& error) {
    refuse("", fmt::format("not valid YAML: {}", error.msg),
           fmt::format("{}:{}", origin, error.mark.line + 1));
  }
  std::set<std::string> seen;
  for (const Setting& setting : settings) {
    if (!seen.insert(setting.key).second) refuse(setting.key, "given twice", setting.place);
  }
  return settings;
}

/// From "section.key=value".
Setting setting_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string place = "command line";
  if (equals == std::string::npos || equals == 0) {
    refuse("", fmt::format("'{}' is not of the form section.key=value", text), place);
  }
  const std::string key = text.substr(0, equals), value = text.substr(equals + 1);
  if (find_option(key) == nullptr) refuse_unknown(key, place);
  const bool structured = !value.empty() && (value.front() == '[' || value.front() == '{');
  try {
    return {key, structured ? YAML::Load(value) : YAML::Node(value), place};
  } catch (const YAML::Exception& error) {
    refuse(key, fmt::format("not valid YAML: {}", error.msg), place);
  }
}

void apply(const Setting& setting, SweepConfig& config) {
  const Option& option = *find_option(setting.key);
  try {
    if (setting.value.IsNull()) throw ConfigError(setting.key, "the value is missing");
    option.read(config, setting.value);
  } catch (const ConfigError& error) {  // say where, too
    const std::string prefix = error.key().empty() ? "" : error.key() + ": ";
    refuse(error.key(), std::string(error.what()).substr(prefix.size()), setting.place);
  } catch (const YAML::Exception& error) {
    refuse(setting.key, error.msg, setting.place);
  }
}

/// The defaults under the protocol that the settings name.
SweepConfig defaults_for(const std::vector<Setting>& settings) {
  SweepConfig config;
  for (const Setting& setting : settings) {
    if (setting.key == "protocol") apply(setting, config);
  }
  if (config.protocol != Protocol::reference) return config;
  for (const Option& option : option_table()) {
    if (!option.reference_value.empty()) option.read(config, YAML::Node(option.reference_value));
  }
  return config;
}

/// Throws where the output named by `key` lies outside the current folder: a configuration that
/// somebody sent must not decide where files are written; only the command line may.
void check_stays_inside(const std::string& key, const std::string& file,
                        const std::string& origin) {
  const std::filesystem::path path = std::filesystem::path(file).lexically_normal();
  if (path.empty() || (path.is_relative() && *path.begin() != "..")) return;
  throw ConfigError(
      key, fmt::format(
               "{}: '{}' leads out of the current folder, which a configuration file may not (give "
               "{}={} on the command line)",
               origin, file, key, file));
}

/// The path of an input that a configuration names: beside the configuration if it is there, else
/// as it stands, in the current folder.
std::string beside(const std::string& config_file, const std::string& input) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(config_file).parent_path(), path = input;
  if (input.empty() || path.is_absolute() || folder.empty()) return input;
  std::error_code unknown;
  const fs::path near = folder / path;
  if (!fs::exists(near, unknown) || fs::equivalent(near, path, unknown)) return input;
  return fs::absolute(near).lexically_normal().string();
}

/// map[a][b] = value for the path "a.b"; maps are made where missing.
void put(YAML::Node map, const std::string& path, const YAML::Node& value) {
  const std::size_t dot = path.find('.');
  const std::string head = path.substr(0, dot);
  if (dot == std::string::npos) {
    map[head] = value;
    return;
  }
  if (!map[head]) map[head] = YAML::Node(YAML::NodeType::Map);
  put(map[head], path.substr(dot + 1), value);
}

}  // namespace

SweepConfig load_config(const std::string& path, const std::vector<std::string>& overrides) {
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(max_file_size) + 1, '\0');
  file.read(text.data(), max_file_size + 1);
  if (file.gcount() > max_file_size) {
    throw ConfigError("", fmt::format("{}: larger than 1 MiB (is this a configuration?)", path));
  }
  if (!file.is_open() || file.bad()) {
    throw ConfigError("", fmt::format("{}: cannot be read (is the path right?)", path));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  SweepConfig config = parse_config(text, path, overrides);
  const auto typed = [&](const std::string& key) {
    return std::any_of(overrides.begin(), overrides.end(), [&](const std::string& override) {
      return setting_of(override).key == key;
    });
  };
  for (const char* key : {"results.file", "results.networks"}) {
    const std::string value = find_option(key)->value(config).as<std::string>();
    if (!typed(key)) check_stays_inside(key, value, path);
  }
  if (!typed("dataset.path")) config.dataset.path = beside(path, config.dataset.path);
  if (!typed("model.pretrained")) config.model.pretrained = beside(path, config.model.pretrained);
  if (!typed("model.torchscript"))
    config.model.torchscript = beside(path, config.model.torchscript);
  for (const char* key : {"farm.engine", "external.strategies"}) {
    find_programs(config, key, [&, beside_file = !typed(key)](const std::string& input) {
      return beside_file ? beside(path, input) : input;
    });
  }
  return config;
}

SweepConfig parse_config(const std::string& yaml, const std::string& origin,
                         const std::vector<std::string>& overrides) {
  std::vector<Setting> settings = settings_of(yaml, origin);
  for (const std::string& text : overrides) settings.push_back(setting_of(text));
  SweepConfig config = defaults_for(settings);
  // Own programs are read first, wherever they stand, because other settings use their names.
  for (const bool programs : {true, false}) {
    for (const Setting& setting : settings) {
      const bool is_program = setting.key == "farm.engine" || setting.key == "external.strategies";
      if (is_program == programs) apply(setting, config);
    }
  }
  expand(config);  // refuses a bad sweep.grid
  return config;
}

SweepConfig with_settings(const SweepConfig& config,
                          const std::map<std::string, std::string>& settings) {
  SweepConfig changed = config;
  for (const auto& [key, value] : settings) {
    const Setting setting = setting_of(key + "=" + value);
    if (setting.key == "protocol")
      refuse(setting.key, "it cannot change here (it sets defaults)", setting.place);
    apply(setting, changed);
  }
  return changed;
}

std::string to_yaml(const SweepConfig& config) {
  YAML::Node root(YAML::NodeType::Map);
  for (const Option& option : option_table()) put(root, option.key, option.value(config));
  YAML::Emitter emitter;
  emitter << root;
  return std::string(emitter.c_str()) + "\n";
}

}  // namespace al_mpi
