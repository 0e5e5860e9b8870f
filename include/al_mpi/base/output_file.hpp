#pragma once

#include <filesystem>
#include <string>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

/// Throws ConfigError naming the option `key` if `path` exists and `force` is not set: nothing is
/// overwritten by accident. `remedy` is what the message says about it.
inline void refuse_to_overwrite(const std::string& path, bool force,
                                const std::string& key = "--output",
                                const std::string& remedy = "--force replaces it") {
  if (force || !std::filesystem::exists(path)) return;
  throw ConfigError(key, fmt::format("{} exists ({})", path, remedy));
}

}  // namespace al_mpi
