#include <al_mpi/trial/engine_line.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;
using Type = EngineLine::Type;

json parse_object(const std::string& line) {
  json object = json::parse(line, nullptr, false);
  if (!object.is_object()) {
    throw DataError("engine", "", fmt::format("'{}' is no JSON object", line.substr(0, 60)));
  }
  return object;
}

template <class Enum>
Enum named(const json& object, const char* field) {
  const auto found = find_enum<Enum>(object.value(field, ""));
  if (!found) throw DataError("engine", field, "missing or unknown");
  return *found;
}

/// The object as one line of valid UTF-8: error messages of libraries sometimes hold other bytes
/// and newlines.
std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

bool is_round_line(std::string_view line) {
  // Text inside a string cannot match this, because its quotes are escaped.
  return line.find("\"type\":\"round\"") != std::string_view::npos;
}

EngineLine parse_engine_line(const std::string& line) {
  const json object = parse_object(line);
  try {
    EngineLine parsed;
    parsed.type = named<Type>(object, "type");
    parsed.key = object.value("key", "");
    parsed.seconds = object.value("seconds", 0.0);
    parsed.device = object.value("device", "");
    if (parsed.type == Type::failed) {
      parsed.failure = named<EngineFailure>(object, "kind");
      parsed.message = object.value("message", "");
    }
    if (parsed.type == Type::devices) {
      object.at("gpus").get_to(parsed.gpus);
      parsed.message = object.value("why_none", "");
    }
    if (const auto versions = object.find("versions"); versions != object.end()) {
      parsed.libtorch = versions->value("libtorch", "");
    }
    return parsed;
  } catch (const json::exception&) {
    throw DataError("engine", "", "a field has another type than docs/protocols.md says");
  }
}

bool EngineLine::runs_on(DeviceKind wanted) const {
  return wanted == DeviceKind::auto_ || device.substr(0, device.find(':')) == name_of(wanted);
}

std::string configure_line(const EngineConfiguration& configuration) {
  const Expected& expected = configuration.expected;
  return dump({{"type", "configure"},
               {"config", configuration.yaml},
               {"settings", json::parse(configuration.settings)},
               {"fingerprint", configuration.fingerprint},
               {"device", name_of(configuration.device)},
               {"threads", configuration.threads},
               {"expected",
                {{"version", expected.version},
                 {"libtorch", expected.libtorch},
                 {"dataset", expected.dataset}}}});
}

std::string run_line(const TrialSpec& spec, int attempt, const std::string& checkpoint) {
  return dump({{"type", "run"}, {"trial", spec}, {"attempt", attempt}, {"checkpoint", checkpoint}});
}

std::string drain_line() {
  return dump({{"type", "drain"}});
}

}  // namespace al_mpi
