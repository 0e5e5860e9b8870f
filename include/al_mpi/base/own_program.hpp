#pragma once

#include <map>
#include <string>
#include <vector>

namespace al_mpi {

/// A program of the user's (docs/own_code.md) and the files that it is made of.
struct OwnProgram {
  std::vector<std::string> command = {};  ///< program, searched in PATH, and its arguments
  std::vector<std::string> files = {};    ///< read by it beside those that the command names
  /// Each of its files -> hash of its content when the configuration was read.
  std::map<std::string, std::string> content = {};
};

/// Fills `content`: words of the command that name a file, and `files`. What is known stays.
void remember_content(OwnProgram& program);

/// The first of its files that has not its remembered content any more; empty where there is none.
std::string changed_file(const OwnProgram& program);

/// Throws DataError where it cannot be run here, or a file of it is missing or another one than
/// rank 0's; `key` is the setting that names it.
void check_runs_here(const OwnProgram& program, const std::string& key);

/// What its answers depend on, as text: "python3 mine.py (5bce04c98b3cbcd8) --power 2". Files count
/// by name and content, wherever they lie.
std::string identity_of(const OwnProgram& program);

}  // namespace al_mpi
