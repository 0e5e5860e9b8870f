#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Candidates by their true class (images by each that they hold), each class in random order.
/// Throws DataError where labels that were not bought cannot be had.
std::map<std::int64_t, Indices> candidates_by_class(const QueryContext& context, RngStream& rng);

/// context.n candidates, one of each class by turns, as long as it has any not taken yet; then any
/// others at random, those of `last` after all. The classes' order is drawn anew in each query.
/// Scores are 0.
Picks by_turns(const QueryContext& context, const std::map<std::int64_t, Indices>& classes,
               const Indices& last, RngStream& rng);

}  // namespace al_mpi
