#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace al_mpi {

/// What a check of a sweep's files found.
struct Verification {
  std::vector<std::string> problems;  ///< something is damaged or contradicts something else
  std::vector<std::string> notes;     ///< what was looked at, and what is unusual but right
};

/// Checks journal, results file and checkpoints of NAME.h5 against each other; writes nothing.
/// Throws DataError if there is neither journal nor results file, or one is not this program's.
Verification verify_results(const std::string& file);

/// Prints the journal of NAME.h5 as JSON lines, without those that are damaged. Returns how many
/// are. Throws DataError if there is none.
int export_journal(const std::string& file, std::ostream& out);

}  // namespace al_mpi
