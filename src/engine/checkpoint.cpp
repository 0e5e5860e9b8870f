#include "checkpoint.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/sealed_file.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

constexpr const char* magic = "al_mpi checkpoint 1";

}  // namespace

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  write_sealed_file(path, magic,
                    {{{"key", checkpoint.key},
                      {"fingerprint", checkpoint.fingerprint},
                      {"rounds", checkpoint.rounds},
                      {"next_picks", checkpoint.next_picks},
                      {"seconds_query", checkpoint.seconds_query}},
                     checkpoint.learner_state});
}

std::optional<Checkpoint> load_checkpoint(const std::string& path) {
  std::error_code error;
  if (std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found) {
    return std::nullopt;
  }
  SealedFile file = read_sealed_file(path, magic, "checkpoint");
  try {
    const nlohmann::json& json = file.header;
    Checkpoint checkpoint;
    checkpoint.key = json.at("key").get<std::string>();
    checkpoint.fingerprint = json.at("fingerprint").get<std::string>();
    checkpoint.rounds = json.at("rounds").get<std::vector<RoundRecord>>();
    checkpoint.next_picks = json.at("next_picks").get<std::vector<PickRecord>>();
    checkpoint.seconds_query = json.at("seconds_query").get<double>();
    checkpoint.learner_state = std::move(file.bytes);
    return checkpoint;
  } catch (const nlohmann::json::exception& error_of_field) {
    throw DataError(path, "",
                    fmt::format("holds other fields than expected ({})", error_of_field.what()));
  }
}

}  // namespace al_mpi
