#pragma once

#include <string>

#include "network.hpp"

namespace al_mpi {

/// A TorchScript module (traced or scripted in Python) as a network. Its forward() returns logits,
/// or the pair (features, logits). encode() ends at the input of its last linear layer, decode() is
/// that layer, so every strategy works on it. Its Dropout submodules stay off: the masks are drawn
/// here, from the trial's streams. A module traced in evaluation mode keeps its BatchNorm frozen.
/// shape.n_classes 0 = any number of logits. Throws DataError: not such a file, no last linear
/// layer, images or classes that do not fit.
NetworkPtr load_scripted(const std::string& path, const NetworkShape& shape, std::int64_t height,
                         std::int64_t width);

}  // namespace al_mpi
