#include <al_mpi/base/paths.hpp>

#include <cctype>
#include <cstdlib>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string variable(const std::string& name, const std::string& path, const std::string& key) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) throw ConfigError(key, fmt::format("'{}': {} is not set", path, name));
  return value;
}

/// Whether a shell would expand the text: "~", "~/x", "$NAME/x", "${NAME}/x".
bool is_for_a_shell(const std::string& text) {
  if (text == "~" || text.rfind("~/", 0) == 0) return true;
  if (text.size() < 2 || text[0] != '$') return false;
  if (text[1] == '{') return text.find('}') != std::string::npos;
  std::size_t end = 1;
  while (end < text.size() && in_name(text[end])) ++end;
  return end > 1 && (end == text.size() || text[end] == '/');
}

}  // namespace

std::string expanded_path(const std::string& path, const std::string& key) {
  std::string out;
  std::size_t at = 0;
  if (path == "~" || path.rfind("~/", 0) == 0) {
    out = variable("HOME", path, key);
    at = 1;
  }
  while (at < path.size()) {
    const bool braces = path.compare(at, 2, "${") == 0;
    const std::size_t begin = at + (braces ? 2 : 1);
    std::size_t end = begin;
    while (path[at] == '$' && end < path.size() && in_name(path[end])) ++end;
    const bool named = path[at] == '$' && end > begin &&
                       std::isdigit(static_cast<unsigned char>(path[begin])) == 0 &&
                       (!braces || (end < path.size() && path[end] == '}'));
    if (!named) {
      out += path[at++];
      continue;
    }
    out += variable(path.substr(begin, end - begin), path, key);
    at = braces ? end + 1 : end;
  }
  return out;
}

std::vector<std::string> expanded_arguments(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    std::string text = argv[i];
    const std::size_t equals = text.rfind("--", 0) == 0 ? text.find('=') : std::string::npos;
    const std::size_t begin = equals == std::string::npos ? 0 : equals + 1;
    const std::string value = text.substr(begin);
    if (is_for_a_shell(value)) {
      const std::string key = begin == 0 ? "" : text.substr(0, equals);
      text = text.substr(0, begin) + expanded_path(value, key);
    }
    arguments.push_back(text);
  }
  return arguments;
}

}  // namespace al_mpi
