// Any bytes are a journal: whole records are taken, the rest is damage. In the second mode every
// line gets its checksum, so that the records themselves are fuzzed.

#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "src/results/journal.hpp"
#include "src/results/sweep_state.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>

namespace {

std::string with_checksums(const std::string& text) {
  std::istringstream lines(text);
  std::string journal;
  for (std::string line; std::getline(lines, line);) journal += al_mpi::journal_line(line);
  return journal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace al_mpi;
  spdlog::set_level(spdlog::level::off);
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  SweepState state;
  scan_journal(data[0] % 2 == 0 ? text : with_checksums(text), [&](std::string_view record) {
    const auto json = nlohmann::json::parse(record, nullptr, false);
    if (!json.is_object()) throw DataError("journal", "", "no object");
    state.apply(json);
  });
  const SweepState copy(state);
  copy.tables();
  for (const std::int64_t row : copy.rounds().sorted_rows()) copy.rounds().record(row);
  state.incomplete();
  return 0;
}
