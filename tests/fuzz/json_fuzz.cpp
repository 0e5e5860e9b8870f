// Any line is a record or a DataError; what is accepted survives being written and read again.

#include <cstdlib>
#include <string>

#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/trial/json.hpp>

namespace {

template <class Record>
void try_as(const nlohmann::json& line) {
  Record record;
  try {
    record = line.get<Record>();
  } catch (const al_mpi::Error&) {
    return;
  }
  const nlohmann::json written = record;
  if (nlohmann::json(written.get<Record>()) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto line = nlohmann::json::parse(data, data + size, nullptr, false);
  if (line.is_discarded()) return 0;
  try_as<al_mpi::TrialSpec>(line);
  try_as<al_mpi::PickRecord>(line);
  try_as<al_mpi::RoundRecord>(line);
  return 0;
}
