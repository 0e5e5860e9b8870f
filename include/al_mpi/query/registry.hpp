#pragma once

#include <string>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// The function of a registered strategy or initial set (name as in strategies.def, or an alias).
/// Throws ConfigError on an unknown name.
QueryFn strategy(const std::string& name);
QueryFn initial_set(const std::string& name);

}  // namespace al_mpi
