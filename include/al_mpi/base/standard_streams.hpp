#pragma once

namespace al_mpi {

/// From now on a reader of standard output or error that goes away (`| head`, a killed `tee`, a
/// lost terminal) neither ends the program nor changes its exit code: what cannot be shown is
/// dropped. Any other failure of standard output, such as a full disk, stays an error. Called first
/// in main(), so that no file is ever opened in place of a closed stream.
void outlive_readers();

/// Whether somebody may still read standard output.
bool output_is_read();

/// Writes what is buffered for standard output. Throws DataError where that fails.
void flush_output();

}  // namespace al_mpi
