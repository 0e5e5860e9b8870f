#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace al_mpi {

/// XXH3, 64 bit: the same on every machine and in every version. Not for secrets.
std::uint64_t stable_hash(const void* bytes, std::size_t size, std::uint64_t seed = 0);
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0);

/// `hash` as 16 lower-case hexadecimal digits.
std::string to_hex(std::uint64_t hash);

/// stable_hash of a file's bytes in hexadecimal digits; empty where it cannot be read.
std::string file_hash(const std::string& file);

}  // namespace al_mpi
