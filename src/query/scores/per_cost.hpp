#pragma once

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Scores [n] float64 divided by what the label of each candidate costs, where query.cost asks so.
/// Scores below 0 are first raised together, so that the lowest is 0: a gain that a cost divides is
/// none below 0. Non-finite scores stay so.
at::Tensor scores_per_cost(const QueryContext& context, const at::Tensor& scores);

}  // namespace al_mpi
