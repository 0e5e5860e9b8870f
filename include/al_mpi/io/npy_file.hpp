#pragma once

#include <string>

#include <al_mpi/io/stored_array.hpp>

namespace al_mpi {

/// The array of a .npy file (NumPy's format, versions 1 to 3), mapped. Throws DataError: missing,
/// truncated or foreign file, big-endian numbers, objects or structures instead of numbers.
StoredArray read_npy(const std::string& path);

}  // namespace al_mpi
