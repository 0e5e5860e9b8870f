#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// Without the spaces, tabs and line ends around it.
std::string trimmed(const std::string& text);

/// "a, b, c and 2 more".
std::string first_three(const std::vector<std::string>& all);

/// Seconds since 1970 as "2024-05-31T12:00:00Z".
std::string utc(double seconds);

}  // namespace al_mpi
