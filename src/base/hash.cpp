#include <al_mpi/base/hash.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace al_mpi {

std::uint64_t stable_hash(const void* bytes, std::size_t size, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, size, seed);
}

std::uint64_t stable_hash(std::string_view text, std::uint64_t seed) {
  return stable_hash(text.data(), text.size(), seed);
}

std::string to_hex(std::uint64_t hash) {
  return fmt::format("{:016x}", hash);
}

std::string file_hash(const std::string& file) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) return "";
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  return stream.is_open() && !stream.bad() ? to_hex(stable_hash(bytes.str())) : "";
}

}  // namespace al_mpi
