#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// A path as a shell would read it: a leading "~" is the home folder, "$NAME" and "${NAME}" are
/// variables of the environment. Nothing else is touched, nothing is run. Throws ConfigError naming
/// `key` where a variable is not set.
std::string expanded_path(const std::string& path, const std::string& key);

/// The command-line arguments, with expanded_path() applied where the shell left "~/..." or
/// "$NAME/..." because of quotes or of a "--option=" before it.
std::vector<std::string> expanded_arguments(int argc, const char* const* argv);

}  // namespace al_mpi
