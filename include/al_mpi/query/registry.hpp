#pragma once

#include <string>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// The function of a registered strategy or initial set (name as in strategies.def, or an alias);
/// with `options` also that of one of options.external. Throws ConfigError on an unknown name.
QueryFn strategy(const std::string& name);
QueryFn strategy(const std::string& name, const QueryOptions& options);
QueryFn initial_set(const std::string& name);

/// Whether a strategy, or a stage of two_stage, asks for predicted losses: a loss predictor is then
/// to be trained with the network.
bool needs_predicted_losses(const std::string& strategy, const QueryOptions& options);

}  // namespace al_mpi
