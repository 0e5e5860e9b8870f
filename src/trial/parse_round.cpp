#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/trial/engine_line.hpp>

// Rounds are read by simdjson, which is several times faster than nlohmann::json. That matters
// because most of the time of replaying a journal is spent here, and because rank 0 reads every
// round of the sweep.

namespace al_mpi {
namespace {

using simdjson::simdjson_error;
using simdjson::dom::array;
using simdjson::dom::element;

template <class T>
T whole(element number) {
  const std::int64_t wide = number.get_int64();
  if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max()) {
    throw simdjson_error(simdjson::NUMBER_OUT_OF_RANGE);
  }
  return static_cast<T>(wide);
}

double real(element number) {
  if (number.is_number()) return number.get_double();
  const std::string_view text = number.get_string();  // JSON has no NaN and no infinities
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  throw simdjson_error(simdjson::NUMBER_ERROR);
}

std::string text(element string) {
  return std::string(std::string_view(string));
}

array list_of(std::size_t size, element list) {
  const array entries = list;
  if (entries.size() != size) throw simdjson_error(simdjson::INCORRECT_TYPE);
  return entries;
}

PickRecord pick(element entry) {
  const array fields = list_of(3, entry);
  return {whole<std::int64_t>(fields.at(0)), whole<std::int64_t>(fields.at(1)), real(fields.at(2))};
}

std::pair<std::string, double> metric_entry(element entry) {
  const array fields = list_of(2, entry);
  return {text(fields.at(0)), real(fields.at(1))};
}

template <class Read>
auto each(element list, const Read& read) {
  std::vector<decltype(read(list))> values;
  const array entries = list;
  values.reserve(entries.size());
  for (const element entry : entries) values.push_back(read(entry));
  return values;
}

RoundRecord round_of(element object) {
  const auto field = [&](const char* name, const auto& read) {
    try {
      return read(object[name]);
    } catch (const simdjson_error& error) {
      throw DataError("JSON", name, error.what());
    }
  };
  RoundRecord record;
  record.trial = field("trial", whole<int>);
  record.key = field("key", text);
  record.round = field("round", whole<int>);
  record.attempt = field("attempt", whole<int>);
  record.n_labeled = field("n_labeled", whole<std::int64_t>);
  record.picks = field("picks", [](element list) { return each(list, pick); });
  record.metrics = field("metrics", [](element list) { return each(list, metric_entry); });
  record.confusion =
      field("confusion", [](element list) { return each(list, whole<std::int64_t>); });
  if (object["calibration"].error() == simdjson::SUCCESS) {  // records of earlier versions lack it
    record.calibration = field("calibration", [](element list) { return each(list, real); });
  }
  record.weights_hash = field("weights_hash", text);
  return record;
}

}  // namespace

RoundRecord parse_round(std::string_view line) {
  static thread_local simdjson::dom::parser parser;  // keeps its memory
  const auto document = parser.parse(line.data(), line.size());
  if (document.error() != simdjson::SUCCESS || !document.is_object()) {
    throw DataError("JSON", "", fmt::format("'{}' is no JSON object", line.substr(0, 60)));
  }
  return round_of(document.value_unsafe());
}

}  // namespace al_mpi
