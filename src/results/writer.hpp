#pragma once

#include <string>

#include "round_log.hpp"
#include <al_mpi/results/reader.hpp>

namespace al_mpi {

/// write_results() with the rounds, picks and confusion matrices of `log` in place of the tables':
/// they are taken from it chunk by chunk.
void write_results(const std::string& path, const ResultsTables& tables, const RoundLog& log);

}  // namespace al_mpi
