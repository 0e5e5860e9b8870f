#pragma once

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// What trials run on; auto: cuda where LibTorch sees a GPU.
AL_ENUM(DeviceKind, auto_, cpu, cuda)

}  // namespace al_mpi
