#include <al_mpi/engine/checkpoint.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

// File: one line "al_mpi checkpoint 1 HASH SIZE", then SIZE bytes of JSON, then the learner's state.
// HASH covers everything after the line, so that a torn or damaged file is never resumed from.
constexpr const char* magic = "al_mpi checkpoint 1";

Checkpoint parse_body(const std::string& body, std::size_t json_size) {
  const auto json = nlohmann::json::parse(body.substr(0, json_size));
  Checkpoint checkpoint;
  checkpoint.key = json.at("key").get<std::string>();
  checkpoint.fingerprint = json.at("fingerprint").get<std::string>();
  checkpoint.rounds = json.at("rounds").get<std::vector<RoundRecord>>();
  checkpoint.next_picks = json.at("next_picks").get<std::vector<PickRecord>>();
  checkpoint.seconds_query = json.at("seconds_query").get<double>();
  checkpoint.learner_state = body.substr(json_size);
  return checkpoint;
}

}  // namespace

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::string json = nlohmann::json{{"key", checkpoint.key},
                                          {"fingerprint", checkpoint.fingerprint},
                                          {"rounds", checkpoint.rounds},
                                          {"next_picks", checkpoint.next_picks},
                                          {"seconds_query", checkpoint.seconds_query}}
                               .dump();
  const std::string body = json + checkpoint.learner_state;
  write_file_atomically(
      path, fmt::format("{} {} {}\n", magic, to_hex(stable_hash(body)), json.size()) + body);
}

std::optional<Checkpoint> load_checkpoint(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw DataError(path, "", fmt::format("cannot be read ({})", std::strerror(errno)));
  }
  std::string line, body;
  std::getline(file, line);
  body.assign(std::istreambuf_iterator<char>(file), {});
  if (line.rfind(magic, 0) != 0) throw DataError(path, "", "is no checkpoint of this program");

  std::istringstream fields(line.substr(std::strlen(magic)));
  std::string hash;
  std::size_t json_size = 0;
  fields >> hash >> json_size;
  if (!fields || json_size > body.size() || hash != to_hex(stable_hash(body))) {
    throw DataError(path, "", "is damaged (its checksum does not hold)");
  }
  try {
    return parse_body(body, json_size);
  } catch (const nlohmann::json::exception& error) {
    throw DataError(path, "", fmt::format("holds other fields than expected ({})", error.what()));
  }
}

}  // namespace al_mpi
