#pragma once

#include <functional>
#include <string>

#include <al_mpi/config/sweep_config.hpp>

namespace al_mpi {

/// Whether trials are run by a program of the user's: names of strategies and initial sets are its
/// own affair then.
bool has_own_engine(const SweepConfig& config);

/// Throws ConfigError where `name` is no word of letters, digits and _: names are part of keys and
/// of names of files.
void check_word(const std::string& name, const std::string& key);

/// Finds the files of own programs by `find`, and remembers their content.
void find_programs(SweepConfig& config, const std::string& key,
                   const std::function<std::string(const std::string& path)>& find);

/// Throws DataError where a program that the sweep uses cannot be run here, or a file of it is not
/// the one whose content the configuration remembers.
void check_programs(const SweepConfig& config);

}  // namespace al_mpi
