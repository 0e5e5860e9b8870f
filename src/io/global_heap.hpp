#pragma once

#include <string>

#include "hdf5_handle.hpp"

namespace al_mpi {

// Why the heap is read here and not by H5Aread: h5py writes every text attribute this way, and HDF5
// believes the length that the file claims. Where one byte of it is wrong, HDF5 1.14 allocates 2
// GiB before it refuses, and 1.10.8 allocates 3 GiB and copies for more than 20 s, or crashes. Of
// 1,500 copies of a small file with one to three random bytes changed, 1.10.8 crashed on 10, and
// with this code on 1.

/// The variable-length text of an attribute of a file that is open for reading. Throws DataError.
/// Reference: HDF5 File Format Specification 3.0, sections III.E (global heap) and IV.B (its
/// references).
std::string global_heap_text(hid_t attribute, hid_t type, const Place& place);

}  // namespace al_mpi
