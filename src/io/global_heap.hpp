#pragma once

#include <string>

#include "hdf5_handle.hpp"

namespace al_mpi {

/// The variable-length text of an attribute of a file that is open for reading. HDF5 1.10 would
/// allocate and copy what the file claims, unchecked: a damaged file crashes it. Throws DataError.
/// Reference: HDF5 File Format Specification 3.0, sections III.E (global heap) and IV.B (its
/// references).
std::string global_heap_text(hid_t attribute, hid_t type, const Place& place);

}  // namespace al_mpi
