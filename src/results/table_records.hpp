#pragma once

#include <functional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <al_mpi/results/reader.hpp>

namespace al_mpi {

/// Calls `visit` with each round of the tables, in their order.
void for_each_round(const ResultsTables& tables,
                    const std::function<void(const RoundRecord&)>& visit);

/// The journal's records that would have led to these tables.
std::vector<nlohmann::json> records_of(const ResultsTables& tables);

}  // namespace al_mpi
