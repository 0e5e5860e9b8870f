#pragma once

#include <string>

#include <c10/core/Device.h>

namespace al_mpi {

/// "cpu", "cuda" or "cuda:N" as a device that is there. Throws ConfigError for other names, and for
/// a GPU that LibTorch does not see, with the reason.
c10::Device device_of(const std::string& name);

}  // namespace al_mpi
