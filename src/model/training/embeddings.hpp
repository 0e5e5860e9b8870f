#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include <al_mpi/model/inputs.hpp>

namespace al_mpi {

/// Frozen embeddings of a whole split by query.embeddings: [n, D] float32 on the CPU, without a
/// copy where the file holds them. "auto" = the file's first, else the band statistics of each
/// tile. Throws DataError naming what the split has when it has none of that name.
at::Tensor split_embeddings(const Dataset& dataset, const std::string& split,
                            const std::string& name);

/// Embeddings of the regions of the pool's images, their band statistics: [n, D] likewise. Throws
/// DataError on another name than "auto", since a file's embeddings are of images.
at::Tensor region_embeddings(const Dataset& dataset, const std::string& name, std::int64_t region);

/// Embeddings as a probe's inputs: every column standardised over /train, then scaled by one number
/// that makes the rows' root mean square norm 4, so that one learning rate serves every D.
InputFn embedding_inputs(std::shared_ptr<const Dataset> dataset, const std::string& name,
                         c10::Device device);

}  // namespace al_mpi
