#pragma once

#include <string>

#include <torch/csrc/jit/api/module.h>

namespace al_mpi {

/// A TorchScript file on the CPU, whatever device its tensors were saved on; in evaluation mode.
/// Throws DataError.
torch::jit::Module load_module(const std::string& path);

/// Puts what a module holds on a device: parameters, buffers, other tensors, and what a trace on
/// another device wrote into its code (constant tensors, names of devices). Before its first call.
void put_on(torch::jit::Module& module, const c10::Device& device);

/// Puts what a trace wrote into a graph, constant tensors and names of devices, on a device.
void put_on(torch::jit::Block& code, const c10::Device& device);

}  // namespace al_mpi
