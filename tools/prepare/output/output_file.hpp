#pragma once

#include <filesystem>
#include <string>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

/// Throws ConfigError if `path` exists and `force` is not set: nothing is overwritten by accident.
inline void refuse_to_overwrite(const std::string& path, bool force) {
  if (!force && std::filesystem::exists(path)) {
    throw ConfigError("--output", fmt::format("{} exists (--force replaces it)", path));
  }
}

}  // namespace al_mpi
