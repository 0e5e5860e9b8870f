#include <al_mpi/campaign/answers_file.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <nlohmann/json.hpp>

#include <al_mpi/base/csv.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/text.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_utf8(const std::string& text) {
  try {
    json(text).dump();
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    std::ifstream file(path, std::ios::binary);
    text_.assign(std::istreambuf_iterator<char>(file), {});
    if (!file.is_open() || file.bad()) {
      throw DataError(path, "", fmt::format("cannot be read ({})", std::strerror(errno)));
    }
  }

  std::vector<Answer> read() {
    if (text_.rfind("\xEF\xBB\xBF", 0) == 0) text_.erase(0, 3);
    if (text_.find('\0') != std::string::npos || !is_utf8(text_)) {
      fail("is no text in UTF-8 (spreadsheets save it as 'CSV UTF-8')");
    }
    const auto first = text_.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) fail("is empty");
    if (text_[first] == '{' || text_[first] == '[') {
      read_json();
    } else {
      read_csv();
    }
    return std::move(answers_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { throw DataError(path_, "", problem); }

  void add(const std::string& name, const std::string& text, const std::string& annotator) {
    const std::string label = trimmed(text);
    if (label.empty()) return;
    const bool skip = lower(label) == "skip";
    answers_.push_back({name, skip ? "" : label, skip, trimmed(annotator)});
  }

  void read_csv() {
    const CsvTable table = parse_csv(text_, path_);
    const auto name = table.column("name"), label = table.column("class"),
               annotator = table.column("annotator");
    if (!name || !label) {
      fail(
          fmt::format("no column '{}' (a CSV file of answers has name and class; its first line "
                      "is '{}')",
                      name ? "class" : "name", trimmed(text_.substr(0, text_.find('\n')))));
    }
    const bool by_number = table.column("annotation_id").has_value();  // Label Studio's, see who()
    for (const auto& row : table.rows) {
      const std::string person = annotator ? row[*annotator] : "";
      add(row[*name], row[*label], by_number && !person.empty() ? "user " + person : person);
    }
  }

  // --- JSON ---

  void read_json() {
    json all;
    try {
      all = json::parse(text_);
    } catch (const json::exception& error) {
      fail(fmt::format("is no JSON ({})", error.what()));
    }
    try {
      if (all.is_object() && all.value("type", "") == "FeatureCollection") {
        for (const json& feature : all.at("features")) read_feature(feature);
      } else if (all.is_array()) {
        for (const json& task : all) read_task(task);
      } else {
        fail("is neither GeoJSON (a FeatureCollection) nor an export of Label Studio (a list)");
      }
    } catch (const json::exception& error) {
      fail(fmt::format("holds other fields than GeoJSON or an export of Label Studio has ({})",
                       error.what()));
    }
  }

  static std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || !found->is_string() ? "" : found->get<std::string>();
  }

  void read_feature(const json& feature) {
    const json& properties = feature.at("properties");
    if (!properties.contains("class")) fail("a feature has no property 'class'");
    add(properties.at("name").get<std::string>(), text_of(properties, "class"),
        text_of(properties, "annotator"));
  }

  /// A task of Label Studio with its annotations; or, JSON-MIN, all its fields at one level.
  void read_task(const json& task) {
    const bool flat = !task.contains("annotations");
    const json& data = flat ? task : task.at("data");
    const std::string name = text_of(data, "name");
    if (name.empty()) {
      fail(
          fmt::format("task {} has no data field 'name' (label_studio.json of al_trial ask has "
                      "it)",
                      task.value("id", json()).dump()));
    }
    if (flat) {
      if (task.contains("class")) add(name, choice(task.at("class"), name), who(task, "annotator"));
      return;
    }
    for (const json& annotation : task.at("annotations")) {
      const std::string annotator = who(annotation, "completed_by");
      if (annotation.value("was_cancelled", false)) {
        add(name, "skip", annotator);
        continue;
      }
      for (const json& result : annotation.at("result")) {
        if (text_of(result, "type") != "choices") continue;
        add(name, choice(result.at("value"), name), annotator);
      }
    }
  }

  /// "Forest", {"choices": ["Forest"]} or ["Forest"].
  std::string choice(const json& value, const std::string& name) const {
    if (value.is_string()) return value.get<std::string>();
    const json& all = value.is_object() ? value.at("choices") : value;
    if (all.size() > 1) {
      fail(fmt::format("{} has {} classes at once (one is expected)", name, all.size()));
    }
    return all.empty() ? "" : all.at(0).get<std::string>();
  }

  /// Label Studio names people by number or with their address.
  static std::string who(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return "";
    if (found->is_string()) return found->get<std::string>();
    if (found->is_number_integer()) return fmt::format("user {}", found->get<std::int64_t>());
    if (!found->is_object()) return "";
    const std::string address = text_of(*found, "email");
    return address.empty() && found->contains("id") ? "user " + found->at("id").dump() : address;
  }

  std::string path_, text_;
  std::vector<Answer> answers_;
};

}  // namespace

std::vector<Answer> read_answers(const std::string& path) {
  return Reader(path).read();
}

std::vector<std::string> class_names(const std::vector<std::string>& listed,
                                     const std::string& option) {
  std::vector<std::string> names;
  for (const std::string& text : listed) {
    const std::string name = trimmed(text);
    if (name.empty()) throw ConfigError(option, "a class without a name");
    if (lower(name) == "skip") {
      throw ConfigError(option, "'skip' is the answer for tiles that cannot be decided, no class");
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      throw ConfigError(option, fmt::format("{} is named twice", name));
    }
    names.push_back(name);
  }
  return names;
}

}  // namespace al_mpi
