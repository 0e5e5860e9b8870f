#pragma once

#include <cstdint>
#include <map>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Candidates by their true class, each class in random order. Throws DataError where labels that
/// were not bought cannot be had.
std::map<std::int64_t, Indices> candidates_by_class(const QueryContext& context, RngStream& rng);

}  // namespace al_mpi
