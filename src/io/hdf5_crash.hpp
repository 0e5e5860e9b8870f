#pragma once

#include <memory>
#include <string>

namespace al_mpi {

/// As long as the token lives, a crash is put down to `file`, if contain_hdf5_crashes() was called.
std::shared_ptr<void> reading(const std::string& file);

}  // namespace al_mpi
