#pragma once

#include <string>
#include <vector>

#include <al_mpi/model/network.hpp>
#include <al_mpi/model/options.hpp>
#include <al_mpi/model/weights.hpp>

namespace al_mpi {

/// The tensors of a weight file, on the CPU: a state dict of torch.save (its zip format; also one
/// under a usual key of a checkpoint, {"state_dict": ...}, "model", ..., and DataParallel's
/// "module." names), .safetensors, or a TorchScript module. Throws DataError: missing, truncated or
/// foreign file, the legacy format of torch.save, a tensor with a non-finite value.
NamedTensors read_weights(const std::string& path);

/// The part of `file` that `network` starts from, under the network's names. A U-Net's encoder
/// takes a classifier's names. A head of another size is left out, and so is, with first_conv:
/// reinit, the first convolution if it takes another number of bands; inflate builds it from the
/// kernels of R, G, B: bands B4, B3, B2 take them, the others their mean, all scaled by 3 / bands.
/// Throws DataError that lists every missing, unexpected and misshaped tensor.
NamedTensors fitting_weights(const Network& network, const std::vector<std::string>& bands,
                             const ModelOptions& options);

}  // namespace al_mpi
