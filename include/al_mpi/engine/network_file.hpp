#pragma once

#include <string>

#include <al_mpi/model/trained_network.hpp>

namespace al_mpi {

/// Keeps a trial's final network in a file. Replaces `path` atomically. Throws DataError.
void save_network(const std::string& path, const TrainedNetwork& network);

/// Throws DataError: missing, foreign or damaged file.
TrainedNetwork load_network(const std::string& path);

}  // namespace al_mpi
