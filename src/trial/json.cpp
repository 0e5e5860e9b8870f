#include <al_mpi/trial/json.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/trial/engine_line.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

json number(double value) {  // JSON has no NaN and no infinities
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double number(const json& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  throw DataError("JSON", "", fmt::format("'{}' is not a number", text));
}

/// A whole number that fits T. nlohmann itself would turn 1e300 or 2^40 into some other number.
template <class T>
T whole(const json& value, const char* name) {
  using Limits = std::numeric_limits<T>;
  bool fits = false;
  if (value.is_number_unsigned()) {
    fits = value.get<std::uint64_t>() <= static_cast<std::uint64_t>(Limits::max());
  } else if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    fits = number >= Limits::min() && number <= Limits::max();
  }
  if (!fits) throw DataError("JSON", name, "a whole number within range is expected");
  return value.get<T>();
}

template <class T>
T field(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw DataError("JSON", name, "the field is missing");
  if constexpr (std::is_integral_v<T>) return whole<T>(*found, name);
  try {
    return found->template get<T>();
  } catch (const json::exception&) {
    throw DataError("JSON", name, "the field has another type than expected");
  }
}

}  // namespace

int int_field(const json& object, const char* name) {
  return field<int>(object, name);
}

void to_json(json& object, const TrialSpec& spec) {
  object = json{
      {"trial", spec.trial}, {"strategy", spec.strategy}, {"init", spec.init}, {"seed", spec.seed}};
  if (!spec.settings.empty()) object["settings"] = spec.settings;
}

void from_json(const json& object, TrialSpec& spec) {
  spec.trial = field<int>(object, "trial");
  spec.strategy = field<std::string>(object, "strategy");
  spec.init = field<std::string>(object, "init");
  spec.seed = field<std::int64_t>(object, "seed");
  spec.settings.clear();
  if (object.contains("settings")) {
    spec.settings = field<std::map<std::string, std::string>>(object, "settings");
  }
}

void to_json(json& object, const PickRecord& pick) {
  object = json::array({pick.index, pick.label, number(pick.score)});
}

void from_json(const json& object, PickRecord& pick) {
  if (!object.is_array() || object.size() != 3) {
    throw DataError("JSON", "picks", "a pick is [index, label, score]");
  }
  pick = {whole<std::int64_t>(object[0], "picks"), whole<std::int64_t>(object[1], "picks"),
          number(object[2])};
}

void to_json(json& object, const RoundRecord& record) {
  json metrics = json::array();
  for (const auto& [name, value] : record.metrics) {
    metrics.push_back(json::array({name, number(value)}));
  }
  object = json{{"trial", record.trial},
                {"key", record.key},
                {"round", record.round},
                {"attempt", record.attempt},
                {"n_labeled", record.n_labeled},
                {"picks", record.picks},
                {"metrics", metrics},
                {"confusion", record.confusion},
                {"weights_hash", record.weights_hash}};
  if (!record.calibration.empty()) {
    json& bins = object["calibration"] = json::array();
    for (const double value : record.calibration) bins.push_back(number(value));
  }
}

void from_json(const json& object, RoundRecord& record) {
  record = parse_round(object.dump());
}

void to_json(json& object, const TrialRecord& record) {
  object = json{{"spec", record.spec},
                {"state", name_of(record.state)},
                {"attempts", record.attempts},
                {"rank", record.rank},
                {"host", record.host},
                {"device", record.device},
                {"threads", record.threads},
                {"started", number(record.started)},
                {"seconds", number(record.seconds)},
                {"error", record.error}};
}

}  // namespace al_mpi
