#include <al_mpi/io/sealed_file.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {

void write_sealed_file(const std::string& path, const std::string& magic, const SealedFile& file) {
  const std::string json = file.header.dump();
  const std::string body = json + file.bytes;
  write_file_atomically(
      path, fmt::format("{} {} {}\n", magic, to_hex(stable_hash(body)), json.size()) + body);
}

SealedFile read_sealed_file(const std::string& path, const std::string& magic,
                            const std::string& what) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw DataError(path, "", fmt::format("cannot be read ({})", std::strerror(errno)));
  std::string line, body;
  std::getline(file, line);
  if (line.rfind(magic, 0) != 0) {
    throw DataError(path, "", fmt::format("is no {} of this program", what));
  }
  body.assign(std::istreambuf_iterator<char>(file), {});

  std::istringstream fields(line.substr(magic.size()));
  std::string hash;
  std::size_t json_size = 0;
  fields >> hash >> json_size;
  if (!fields || json_size > body.size() || hash != to_hex(stable_hash(body))) {
    throw DataError(path, "", "is damaged (its checksum does not hold)");
  }
  auto json = nlohmann::json::parse(body.substr(0, json_size), nullptr, /*allow_exceptions=*/false);
  return {std::move(json), body.substr(json_size)};
}

}  // namespace al_mpi
