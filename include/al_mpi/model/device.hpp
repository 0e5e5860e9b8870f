#pragma once

#include <string>

namespace al_mpi {

/// The device to compute on: "auto" is cuda where LibTorch sees a GPU, else cpu. Throws ConfigError
/// for an unknown one, and for cuda where there is none.
std::string available_device(const std::string& wanted);

std::string torch_version();  ///< of the LibTorch that runs, e.g. "1.13.1"

}  // namespace al_mpi
