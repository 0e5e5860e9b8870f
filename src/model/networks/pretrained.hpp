#pragma once

#include <string>
#include <vector>

#include "network.hpp"
#include "weights.hpp"
#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// The tensors of a weight file, on the CPU: a state dict of torch.save (its zip format; also one
/// under a usual key of a checkpoint, {"state_dict": ...}, "model", ..., and DataParallel's
/// "module." names), .safetensors, or a TorchScript module. Throws DataError: missing, truncated or
/// foreign file, the legacy format of torch.save, a tensor with a non-finite value.
NamedTensors read_weights(const std::string& path);

/// The tensors of the file options.pretrained that `network` starts from, under the network's
/// names. Names in the file may have a common prefix ("_orig_mod.model.backbone."): the one under
/// which most of the network's tensors lie; what lies elsewhere is left out. A U-Net's encoder
/// takes a classifier's names. A head of another size is left out, and so is, with first_conv:
/// reinit, the first convolution if it takes another number of bands; inflate builds it from the
/// kernels of red, green and blue: the bands of these colours (by the names of `sensor`,
/// data/sensors.hpp) take them, the others their mean, all scaled by 3 / bands. Throws DataError
/// with the number of missing, unexpected and misshaped tensors and the first three of each.
NamedTensors fitting_weights(const Network& network, const std::vector<std::string>& bands,
                             const ModelOptions& options, const std::string& sensor = "");

}  // namespace al_mpi
