#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// Frozen embeddings of a whole split by query.embeddings: [n, D] float32 on the CPU, without a
/// copy where the file holds them. "auto" = the file's first, else the band statistics of each
/// tile. Throws DataError naming what the split has when it has none of that name.
at::Tensor split_embeddings(const Dataset& dataset, const std::string& split,
                            const std::string& name);

}  // namespace al_mpi
